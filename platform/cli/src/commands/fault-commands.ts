import {
  type Fault,
  type FaultKindName,
  type FaultList,
  FaultRequest,
  faultKindNames,
} from '@fieldguide/platform-controller/faults/fault';
import { dependencies } from '@fieldguide/platform-controller/faults/targets';
import { appNames, example } from '@fieldguide/platform-host/apps';
import { backingNames } from '@fieldguide/platform-host/backing-services/backing-service';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import { type Command, Option } from 'commander';
import ms, { type StringValue } from 'ms';
import { faultKindsTable, faultsTable } from '../screen/fault-tables.ts';
import {
  type CommonOptions,
  choiceArgument,
  command,
  platformOf,
  print,
  printingEvents,
} from './command.ts';

interface StartOptions extends CommonOptions {
  readonly to?: string;
  readonly delay?: number;
  readonly jitter?: number;
  readonly percent?: number;
  readonly status?: number;
  readonly count?: number;
  readonly for?: number;
  readonly force?: true;
}

/** Every value that can follow `--to`; the platform checks which app has which. */
const allDependencies = [...new Set(Object.values(dependencies).flat())];

/** Adds the commands that inject faults: list, start, stop. */
export function addFaultCommands(program: Command): void {
  const fault = program
    .command('fault')
    .description('Inject faults into the running system, to see how it reacts');

  command(fault, 'list', 'List active faults, or the kinds of faults', 'fault list --kinds')
    .option('--kinds', 'List the kinds with their targets and parameters')
    .action(async (options: CommonOptions & { kinds?: true }) => {
      const list = await platformOf(options).call<FaultList>('GET', '/faults');
      if (options.kinds) print(options, list.kinds, faultKindsTable(list.kinds));
      else print(options, list.faults, faultsTable(list.faults));
    });

  addStart(fault);

  command(fault, 'stop', 'End a fault, or all, and restore the state', 'fault stop 1')
    .argument('[id]', 'Number of the fault, from the list')
    .option('--all', 'End all faults')
    .action(async (id: string | undefined, options: CommonOptions & { all?: true }) => {
      if (!id && !options.all)
        throw new CliError('No fault is named.', 'fieldguide fault stop 1, or --all');
      const path = options.all ? '/faults' : `/faults/${encodeURIComponent(id!)}`;
      const platform = platformOf(options);
      const stop = () => platform.call<{ done: string }>('DELETE', path);
      const done = await printingEvents(platform, options, stop);
      print(options, done, done.done);
    });
}

function addStart(fault: Command): void {
  command(
    fault,
    'start',
    'Start a fault; it ends by itself',
    'fault start down kafka --for 1m',
    `fault start freeze ${example.app}/1`,
    `fault start latency ${example.app} --to postgres --delay 300`,
    `fault start http-error ${example.app} --percent 20`,
  )
    .addArgument(choiceArgument('<kind>', faultKindNames, 'Kind of the fault: fault list --kinds'))
    .addArgument(
      choiceArgument('<target>', [...appNames, ...backingNames], 'App, app/2, service or topic'),
    )
    .option('--to <dependency>', `On the way from the app to one of: ${allDependencies.join(', ')}`)
    .option('--delay <ms>', 'Delay of each request', parseInteger)
    .option('--jitter <ms>', 'Random deviation from the delay', parseInteger)
    .option('--percent <share>', 'Share of requests that it concerns', parseInteger)
    .option('--status <code>', 'Status of an HTTP error', parseInteger)
    .option('--count <number>', 'Number of records', parseInteger)
    .addOption(
      new Option('--for <time>', 'Time until it ends: 30s, 2m; at most 1h')
        .argParser(parseDuration)
        .default(600, '10m'),
    )
    .option('--force', 'Start it outside the environment local')
    .action(async (kind: string, target: string, options: StartOptions) => {
      const platform = platformOf(options);
      const body = requestOf(parseChoice('kind of fault', kind, faultKindNames), target, options);
      const start = () => platform.call<Fault>('POST', '/faults', body);
      const started = await printingEvents(platform, options, start);
      print(options, started, `Fault ${started.id}: ${started.title}`);
    });
}

/** @throws CliError that names the options that are missing or wrong */
export function requestOf(
  kind: FaultKindName,
  target: string,
  options: StartOptions,
): FaultRequest {
  const { to, delay, jitter, percent, status, count, for: forSeconds, force } = options;
  const values = { to, delayMs: delay, jitterMs: jitter, percent, status, count, force };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const body = { kind, target, forSeconds, ...Object.fromEntries(given) };
  const parsed = FaultRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) => {
    const where = path.length > 0 ? `--${path.join('.')}: ` : '';
    return `${where}${message}`.replace(/(delay|jitter)Ms/g, '$1').replace('forSeconds', 'for');
  });
  throw new CliError(
    `Cannot start the fault ${kind}: ${reasons.join('; ')}.`,
    'fieldguide fault list --kinds shows the options of each kind',
  );
}

function parseInteger(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CliError(`"${text}" is not a whole number.`, 'for example --delay 300 --percent 20');
}

function parseDuration(text: string): number {
  const duration = /^\d+(\.\d+)?\s*[a-z]+$/i.test(text) ? ms(text as StringValue) : undefined;
  if (duration !== undefined && duration >= 1_000) return Math.round(duration / 1_000);
  throw new CliError(`"${text}" is not a time.`, '30s, 2m, 1h');
}
