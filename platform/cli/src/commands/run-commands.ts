import { appNames, example } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Environment } from '@fieldguide/platform-host/environment';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import { waitUntil } from '@fieldguide/platform-host/processes/child';
import { runningPlatform, stopOrphans } from '@fieldguide/platform-host/state';
import { type Command, Option } from 'commander';
import { PlatformClient } from '../client/platform-client.ts';
import {
  type CommonOptions,
  choiceArgument,
  command,
  environmentOf,
  platformOf,
  print,
  printingEvents,
} from './command.ts';
import type { StartOptions } from './run.ts';

export const DEBUG_PORT = 9229;
const STOP_WITHIN_MS = 60_000;

/** The platform itself, which other commands need not load. */
const running = () => import('./run.ts');

/** Adds the commands on the platform itself: start, dev, stop, reset. */
export function addRunCommands(program: Command): void {
  command(
    program,
    'start',
    'Start backing services and apps in the foreground; Ctrl-C stops them',
    'start --env staging --port 8081 --kafka apache',
  )
    .addOption(port())
    .addOption(link('postgres', 'attached', 'embedded'))
    .addOption(link('kafka', 'attached', 'apache'))
    .addOption(link('consul', 'attached', 'path', 'cache', 'hashicorp', 'debian'))
    .addOption(force())
    .action(async (options: StartOptions) => (await running()).start(options));

  command(
    program,
    'dev',
    'Start, and push each app when its sources change; with an app, open a debugger port for it',
    'dev',
    `dev ${example.app} --inspect 9230`,
  )
    .addArgument(choiceArgument('[app]', appNames, 'Name of the app'))
    .addOption(port())
    .addOption(force())
    .option('--inspect <port>', 'Port for the debugger', parsePort, DEBUG_PORT)
    .action(async (app: string | undefined, options: StartOptions & { inspect: number }) => {
      const { join, start } = await running();
      const watch = app
        ? { app: parseChoice('app', app, appNames), inspectPort: options.inspect }
        : ('all' as const);
      const isRunning = runningPlatform(new Environment(options.env)) !== undefined;
      if (isRunning && watch !== 'all') return join(watch, options);
      return start(options, { watch });
    });

  command(program, 'stop', 'Stop the running platform', 'stop').action(
    async (options: CommonOptions) => {
      const environment = environmentOf(options);
      await platformOf(options).call('POST', '/stops');
      const hasStopped = await waitUntil(
        () => runningPlatform(environment) === undefined,
        STOP_WITHIN_MS,
      );
      if (!hasStopped)
        throw new CliError('The platform did not stop in time.', 'fieldguide logs platform');
      print(options, { stopped: true }, 'Stopped.');
    },
  );

  command(program, 'reset', 'Delete all data and seed the databases again', 'reset').action(reset);
}

async function reset(options: CommonOptions): Promise<void> {
  const environment = environmentOf(options);
  if (runningPlatform(environment)) {
    const platform = new PlatformClient(environment);
    await printingEvents(platform, options, () => platform.call('POST', '/resets'));
    return print(
      options,
      { reset: true },
      'Reset: all data is deleted and the databases are seeded.',
    );
  }
  const attached = ['POSTGRES', 'KAFKA', 'CONSUL'].filter(
    (each) => process.env[`FIELDGUIDE_${each}_URL`],
  );
  if (attached.length > 0) {
    throw new CliError(
      `Only a running platform can reset the data in attached services (${attached.join(', ')}).`,
      'npm start, then npm run reset in another terminal',
    );
  }
  await stopOrphans(environment);
  environment.wipe();
  print(
    options,
    { reset: true },
    'Reset: all data is deleted; the next npm start seeds the databases.',
  );
}

function port(): Option {
  return new Option('--port <number>', 'Port of the gateway; 0 selects a free one').argParser(
    parsePort,
  );
}

function force(): Option {
  return new Option(
    '--force',
    'Outside `local`: deploy even if can-i-deploy fails; this is logged',
  );
}

function link(service: string, ...links: string[]): Option {
  return new Option(
    `--${service} <link>`,
    `Source of ${service}; by default the first available`,
  ).choices(links);
}

function parsePort(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isInteger(number) || number < 0 || number > 65_535)
    throw new CliError(`"${text}" is not a port.`, 'a number from 0 to 65535');
  return number;
}
