// Part of `npm run verify`: promtool checks and tests the rules; then Prometheus scrapes the running system, where each
// metric and rule has to have a value while all is well, and each alert has to fire under its fault, and no other.
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorClient } from '@fieldguide/platform-cli/client/operator-client';
import { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import { table } from '@fieldguide/platform-cli/screen/tables';
import type { AppStatus } from '@fieldguide/platform-controller/status';
import { Environment, writeFileSafely } from '@fieldguide/platform-host/environment';
import { freePorts } from '@fieldguide/platform-host/processes/ports';
import { system } from '@fieldguide/system';
import { objectivesDashboard, servicesDashboard } from '../generate/dashboards.ts';
import { prometheusYaml, rulesYaml } from '../generate/observability.ts';
import { startSystem } from '../schemathesis/system.ts';
import { type Api, readyApi } from './api.ts';
import { type LiveSystem, liveFaults } from './live-faults.ts';
import { prometheusPrograms } from './programs.ts';
import { ruleTestsYaml } from './rule-tests.ts';
import { ShopTraffic } from './shop-traffic.ts';
import { tryFault } from './try-fault.ts';
import { until } from './until.ts';

const SKIPPED = 77;
const RULES = 'deploy/observability/rules.yml';
const NAME = 'prometheus';
const SCRAPE_SECONDS = 1;
const TARGETS_EVERY_MS = 1_000;

// The rules as they are, in minutes instead of days.
const durations = {
  windows: {
    ...{ '5m': '15s', '30m': '20s', '1h': '30s' },
    ...{ '2h': '20s', '6h': '40s', '1d': '40s', '3d': '60s', '2m': '20s' },
  },
  minuteSeconds: 10,
};
// A busy machine is slow without a fault: a bucket of the histogram above the promise.
const patient = { browsing: 2.5, placing: 10, signIn: 10 } as Readonly<Record<string, number>>;
const liveSystem = {
  ...system,
  objectives: system.objectives!.map((each) => ({
    ...each,
    withinSeconds: patient[each.name] ?? each.withinSeconds,
  })),
};

async function main(): Promise<number> {
  const programs = await prometheusPrograms().catch((error: Error) => error);
  if (programs instanceof Error) {
    console.error(`SKIPPED: Prometheus is not on PATH, and cannot be downloaded: ${programs}`);
    return SKIPPED;
  }
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  try {
    copyFileSync(RULES, join(folder, 'rules.yml'));
    writeFileSync(join(folder, 'tests.yml'), ruleTestsYaml());
    const promtool = (...args: string[]) =>
      execFileSync(programs.promtool, args, { cwd: folder, stdio: 'inherit' });
    promtool('check', 'rules', 'rules.yml');
    promtool('test', 'rules', 'tests.yml');
    writeFileSync(join(folder, 'rules.yml'), rulesYaml(liveSystem, durations));
    writeFileSync(join(folder, 'prometheus.yml'), configuration());
    promtool('check', 'config', 'prometheus.yml');
    return (await scrapeSystem(programs.prometheus, folder)) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads the addresses of instances from files: a fault replaces instances. */
function configuration(): string {
  const inFile = (app: string) => ({ file_sd_configs: [{ files: [`targets-${app}.json`] }] });
  return prometheusYaml(system, inFile, SCRAPE_SECONDS);
}

async function scrapeSystem(program: string, folder: string): Promise<boolean> {
  const { gatewayUrl, stop } = await startSystem(NAME);
  const environment = new Environment(NAME);
  const platform = new PlatformClient(environment);
  const traffic = new ShopTraffic(gatewayUrl);
  const ending = new AbortController();
  try {
    const writing = keepTargets(platform, folder, ending.signal);
    const [port] = await freePorts(1);
    mkdirSync(join(folder, 'data'));
    const args = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ];
    const prometheus = spawn(program, args, { stdio: 'inherit' });
    const ended = new Promise((resolve) => prometheus.once('exit', resolve));
    try {
      const api = await readyApi(`http://127.0.0.1:${port}`);
      await platform.call('PUT', '/apps/shipping/settings/DISPATCH_DELAY_MS', { value: '0' });
      await traffic.start();
      await traffic.completeOrders(5);
      await expectHealthy(api);
      const operator = () => new OperatorClient(environment, platform);
      return await tryFaults(api, { platform, operator, traffic });
    } finally {
      traffic.stop();
      prometheus.kill('SIGTERM');
      await ended;
      ending.abort();
      await writing;
    }
  } finally {
    await stop();
  }
}

async function keepTargets(
  platform: PlatformClient,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const written = new Map<string, string>();
  while (!signal.aborted) {
    const apps = await platform.call<AppStatus[]>('GET', '/apps').catch(() => []);
    for (const { app, instances } of apps) {
      const targets = JSON.stringify([{ targets: instances.map(({ url }) => new URL(url).host) }]);
      if (written.get(app) === targets) continue;
      writeFileSafely(join(folder, `targets-${app}.json`), targets);
      written.set(app, targets);
    }
    await sleep(TARGETS_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function expectHealthy(api: Api): Promise<void> {
  const count = Object.keys(system.apps).length;
  await until(`${count} apps are scraped`, async () => (await api.query('up == 1')) === count);
  for (const metric of await api.metricsOfRules())
    await until(`${metric} has a value`, async () => (await api.query(metric)) > 0);
  const browsing = 'slo:events:rate5m{objective="browsing"} > 0';
  await until('browsing is measured', async () => (await api.query(browsing)) === 1);
  const failed = await api.failedRules();
  if (failed.length > 0) throw new Error(`Rules failed: ${failed.join('; ')}`);
  for (const expression of dashboardExpressions()) await api.query(expression);
  const firing = await api.firing();
  if (firing.length > 0) throw new Error(`Alerts fire though all is well: ${firing.join(', ')}`);
  console.log('✓ every rule and dashboard is evaluated, and no alert fires');
}

function dashboardExpressions(): string[] {
  return [objectivesDashboard(system), servicesDashboard()].flatMap((text) => {
    const { panels } = JSON.parse(text) as { panels: { targets: { expr: string }[] }[] };
    return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  });
}

/** Tries each fault in turn. @returns whether each has caused its alerts, and no others */
async function tryFaults(api: Api, live: LiveSystem): Promise<boolean> {
  const rows: string[][] = [];
  for (const fault of liveFaults) rows.push(await tryFault(api, live, fault));
  const heads = ['', 'fieldguide …', 'fires', 'after', 'follows', 'resolved after'];
  console.log(`\n${table(heads, rows)}`);
  return rows.every(([sign]) => sign === '✓');
}

process.exitCode = await main();
