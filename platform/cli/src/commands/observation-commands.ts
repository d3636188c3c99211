import { clearScreenDown, cursorTo } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  followLogs,
  formatLine,
  logSources,
  readLogs,
  toJson,
} from '@fieldguide/platform-controller/log-stream/logs';
import type { ServiceStatus, Status } from '@fieldguide/platform-controller/status';
import { example } from '@fieldguide/platform-host/apps';
import { backingNames } from '@fieldguide/platform-host/backing-services/backing-service';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Environment } from '@fieldguide/platform-host/environment';
import { runningPlatform } from '@fieldguide/platform-host/state';
import type { Command } from 'commander';
import ms, { type StringValue } from 'ms';
import openInBrowser from 'open';
import { environmentsTable, servicesTable, statusTables } from '../screen/tables.ts';
import {
  type CommonOptions,
  choiceArgument,
  command,
  environmentOf,
  platformOf,
  print,
  printingEvents,
} from './command.ts';

const POLL_MS = 2_000;

/** Adds the commands that observe: status, logs, services, environments, open. */
export function addObservationCommands(program: Command): void {
  command(
    program,
    'status',
    'Show apps and backing services with their health',
    'status',
    'status --watch',
  )
    .option('-w, --watch', 'Refresh until Ctrl-C')
    .action(async (options: CommonOptions & { watch?: boolean }) => {
      const platform = platformOf(options);
      const showStatus = () => platform.call<Status>('GET', '/status');
      if (!options.watch) {
        const status = await showStatus();
        return print(options, status, statusTables(status));
      }
      for (;;) {
        const status = await showStatus();
        if (process.stdout.isTTY && !options.json) {
          cursorTo(process.stdout, 0, 0);
          clearScreenDown(process.stdout);
        }
        print(options, status, statusTables(status));
        await sleep(POLL_MS);
      }
    });

  command(
    program,
    'logs',
    'Show the logs of an app, or of all, merged by time',
    `logs -f ${example.app}`,
    'logs --since 10m --json',
  )
    .addArgument(choiceArgument('[app]', logSources, 'Name of the app or process'))
    .option('-f, --follow', 'Follow new lines until Ctrl-C')
    .option('--since <time>', 'Show lines since an age (90s, 10m, 2h) or an ISO time')
    .action(
      async (
        source: string | undefined,
        options: CommonOptions & { follow?: boolean; since?: string },
      ) => {
        const environment = environmentOf(options);
        const since = options.since ? parseSince(options.since) : undefined;
        const text = options.json ? toJson : formatLine;
        for (const line of await readLogs(environment, { source, since })) console.log(text(line));
        if (!options.follow) return;
        const never = new AbortController().signal;
        for await (const line of followLogs(environment, { source }, never))
          console.log(text(line));
      },
    );

  command(
    program,
    'services',
    'Show backing services with version, address and size on disk',
    'services',
  ).action(async (options: CommonOptions) => {
    const services = await platformOf(options).call<ServiceStatus[]>('GET', '/services');
    print(options, services, servicesTable(services, 'DISK'));
  });

  const backing = program.command('backing').description('Restart backing services');
  command(backing, 'restart', 'Stop a backing service and start it again', 'backing restart kafka')
    .addArgument(choiceArgument('<service>', backingNames, 'Name of the backing service'))
    .action(async (service: string, options: CommonOptions) => {
      const platform = platformOf(options);
      const restart = () => platform.call<object>('POST', `/services/${service}/restarts`);
      const done = await printingEvents(platform, options, restart);
      print(options, done, `${service} is restarted`);
    });

  command(program, 'open', 'Open the API documentation in a browser', 'open').action(
    async (options: CommonOptions) => {
      const { gatewayUrl } = await platformOf(options).call<Status>('GET', '/status');
      await show(`${gatewayUrl}/docs`, options);
    },
  );

  command(
    program,
    'console',
    'Open the console in a browser, signed in; the link is valid once, for a minute',
    'console',
    'console --print',
  )
    .option('--print', 'Print the link only')
    .action(async (options: CommonOptions & { print?: boolean }) => {
      const { url } = await platformOf(options).call<{ url: string }>('POST', '/console/codes');
      await show(url, options);
    });

  command(
    program,
    'environments',
    'List the environments on this machine',
    'environments',
    'start --env staging',
  ).action(async (options: CommonOptions) => {
    const { sizeOf } = await import('@fieldguide/platform-controller/status');
    const all = Environment.all().map((name) => {
      const environment = new Environment(name);
      const running = runningPlatform(environment);
      return {
        name,
        state: running ? 'running' : 'stopped',
        gatewayUrl: running?.gatewayUrl ?? null,
        apiUrl: running?.apiUrl ?? null,
        sizeMb: sizeOf(environment.folder),
        folder: environment.folder,
      };
    });
    print(options, all, environmentsTable(all));
  });
}

/** Prints an address, and opens it in a browser unless only that is wanted. */
async function show(
  url: string,
  options: CommonOptions & { readonly print?: boolean },
): Promise<void> {
  print(options, { url }, url);
  if (options.json || options.print) return;
  const browser = await openInBrowser(url);
  browser.once('error', () => {
    console.error('Cannot start a browser: open the address above yourself.');
  });
}

function parseSince(text: string): Date {
  const ago = /^\d+(\.\d+)?\s*[a-z]+$/i.test(text) ? ms(text as StringValue) : undefined;
  const date = ago === undefined ? new Date(text) : new Date(Date.now() - ago);
  if (!Number.isNaN(date.getTime())) return date;
  throw new CliError(`"${text}" is not a time.`, '90s, 10m, 2h, or 2026-01-31T12:00:00Z');
}
