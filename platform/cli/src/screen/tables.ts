import { styleText } from 'node:util';
import type { Fault } from '@fieldguide/platform-controller/faults/fault';
import { totalOf } from '@fieldguide/platform-controller/scale';
import type { AppStatus, ServiceStatus, Status } from '@fieldguide/platform-controller/status';
import type { Cell } from '@fieldguide/platform-model/plugin';
import Table from 'cli-table3';

// Without borders, so that eight columns fit into 80 characters.
const bare = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

export function statusTables(status: Status): string {
  const { environment, gatewayUrl, apiUrl, apps, services, faults } = status;
  const addresses = `API at ${gatewayUrl}, console at ${apiUrl}`;
  return [
    [`Environment ${environment}, ${addresses}`, ...faultLines(faults)].join('\n'),
    appsTable(apps),
    servicesTable(services, 'RESTARTS'),
  ].join('\n\n');
}

/** One line for each active fault. */
function faultLines(faults: readonly Fault[]): string[] {
  return faults.map(({ id, title, endsAt }) =>
    styleText('red', `! Fault ${id} is active: ${title} (${timeLeft(endsAt)} left)`),
  );
}

export function appsTable(apps: readonly AppStatus[]): string {
  const rows = apps.flatMap(({ app, wantedInstances, instances, inspectPort }) => {
    const own = instances.map((each): Cell[] => [
      each.processes === 'web,worker' ? each.id : `${each.id} ${each.processes}`,
      healthText(each.health),
      each.version,
      each.digest.slice(0, 8),
      number(each.restarts),
      number(each.cpuPercent, ' %'),
      { content: `${each.memoryMb ?? '–'}/${each.memoryLimitMb}`, hAlign: 'right' },
      { content: duration(each.upSeconds), hAlign: 'right' },
    ]);
    const wanted = totalOf(wantedInstances);
    if (instances.length !== wanted)
      own.push([styleText('yellow', `${app}: ${instances.length} of ${wanted} instances run`)]);
    if (inspectPort !== null) own.push([`${app}: debugger on port ${inspectPort}`]);
    return own;
  });
  const head = ['INSTANCE', 'HEALTH', 'VERSION', 'DIGEST', 'RESTARTS', 'CPU', 'MB/MAX', 'UPTIME'];
  return table(head, rows);
}

/** Backing services, with their restarts or with their size on disk: both together exceed 80 columns. */
export function servicesTable(
  services: readonly ServiceStatus[],
  last: 'RESTARTS' | 'DISK',
): string {
  const rows = services.map(({ service, version, origin, address, state, restarts, sizeMb }) => [
    service,
    state === 'running' ? styleText('green', state) : styleText('red', state),
    version,
    origin,
    address,
    last === 'RESTARTS' ? number(restarts) : number(sizeMb, ' MB'),
  ]);
  return table(['SERVICE', 'STATE', 'VERSION', 'SOURCE', 'ADDRESS', last], rows);
}

export function settingsTable(
  settings: Readonly<Record<string, { value: string; source: string; live: boolean }>>,
): string {
  const rows = Object.entries(settings).map(([key, { value, source, live }]) => [
    key,
    value.length > 24 ? `${value.slice(0, 23)}…` : value,
    source.replace(/^consul [^/]+\/[^/]+\/([^/]+)\/.*$/, 'Consul, $1'),
    live ? 'immediately' : 'on restart',
  ]);
  return table(['SETTING', 'VALUE', 'SOURCE', 'TAKES EFFECT'], rows);
}

export function environmentsTable(
  all: readonly { name: string; state: string; gatewayUrl: string | null; sizeMb: number }[],
): string {
  if (all.length === 0) return 'No environments yet: npm start creates the first.';
  const rows = all.map(({ name, state, gatewayUrl, sizeMb }) => [
    name,
    state === 'running' ? styleText('green', state) : state,
    gatewayUrl ?? '–',
    number(sizeMb, ' MB'),
  ]);
  return table(['ENVIRONMENT', 'STATE', 'GATEWAY', 'DISK'], rows);
}

export interface CheckResult {
  readonly what: string;
  readonly verdict: 'ok' | 'warning' | 'fault';
  readonly found: string;
  readonly hint?: string;
}

export function checksTable(results: readonly CheckResult[]): string {
  const mark = {
    ok: styleText('green', '✓'),
    warning: styleText('yellow', '!'),
    fault: styleText('red', '✗'),
  };
  return results
    .map(({ what, verdict, found, hint }) => {
      const line = `${mark[verdict]} ${what.padEnd(14)} ${found}`;
      return hint ? `${line}\n  ${' '.repeat(14)} Try: ${hint}` : line;
    })
    .join('\n');
}

export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const made = new Table({
    chars: bare,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  made.push(head.map((name) => styleText('dim', name)));
  for (const row of rows) {
    made.push(row.length === 1 ? [{ content: String(row[0]), colSpan: head.length }] : [...row]);
  }
  return made.toString().replaceAll(/ +$/gm, '');
}

function healthText(health: string): string {
  const colour = health === 'ok' ? 'green' : /^(starting|degraded)/.test(health) ? 'yellow' : 'red';
  return styleText(colour, health);
}

export function number(value: number | null, unit = ''): Cell {
  return { content: value === null ? '–' : `${value}${unit}`, hAlign: 'right' };
}

export function timeLeft(endsAt: string): string {
  return duration(Math.max(0, Math.round((Date.parse(endsAt) - Date.now()) / 1_000)));
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
