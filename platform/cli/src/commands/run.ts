import { statfsSync } from 'node:fs';
import { openApi } from '@fieldguide/platform-controller/api/api';
import type { PluginData } from '@fieldguide/platform-controller/api/console-routes';
import { followLogs, formatLine } from '@fieldguide/platform-controller/log-stream/logs';
import { Operations } from '@fieldguide/platform-controller/operations';
import { Platform } from '@fieldguide/platform-controller/platform';
import { watchSources } from '@fieldguide/platform-controller/watch-sources';
import { appNames, gatewayPort as defaultPort } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Environment } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { PlatformClient } from '../client/platform-client.ts';
import { loadPlugins, pluginData } from '../plugins.ts';
import { readyScreen } from '../screen/screen.ts';
import { type CommonOptions, environmentOf, platformOf, printingEvents } from './command.ts';

const DISK_FULL_MB = 50;

export interface StartOptions extends CommonOptions {
  readonly port?: number;
  readonly postgres?: string;
  readonly kafka?: string;
  readonly consul?: string;
  readonly force?: boolean;
}
interface Dev {
  /** The app with a debugger port; all apps when undefined. */
  readonly watch: 'all' | { readonly app: string; readonly inspectPort: number };
}

/** Runs the platform in this process until a signal or `fieldguide stop` ends it. */
export async function start(
  { env, port, json, force = false, ...choices }: StartOptions,
  dev?: Dev,
): Promise<void> {
  const environment = new Environment(env);
  const report = (line: string) => (json ? process.stderr : process.stdout).write(`  ${line}\n`);
  // Nothing is left to do then. Node's own cleanup, seen after faults, waits for ever for a connection that was cut off.
  process.once('beforeExit', () => process.exit());
  // A closed terminal must not kill the platform before its shutdown is complete.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  const gatewayPort = port ?? (env === 'local' ? defaultPort : 0);
  const platform = new Platform({ environment, choices, gatewayPort, force });
  const operations = new Operations(platform);
  platform.events.listen(({ text }) => report(text));

  const stopRequested = Promise.withResolvers<void>();
  let isStopRequested = false;
  const stopNow = (why: string) => {
    if (isStopRequested) return;
    isStopRequested = true;
    platform.events.info(`${why}: stopping`);
    stopRequested.resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopNow(signal));

  let closeApi: (() => Promise<void>) | undefined;
  try {
    platform.events.info(`Starting the environment "${env}" (Node ${process.versions.node})`);
    const data: PluginData = async (...which) =>
      pluginData(await loadPlugins(system), env, ...which);
    const api = await openApi(platform, operations, () => stopNow('fieldguide stop'), data);
    closeApi = () => api.close();
    const starting = platform.start();
    await Promise.race([starting, stopRequested.promise]);
    if (isStopRequested) return void starting.catch(() => undefined); // `platform.stop` waits for it
    const { gatewayUrl, providerUrl, apiUrl } = platform;
    if (json) console.log(JSON.stringify({ ready: true, gatewayUrl, providerUrl, apiUrl }));
    else {
      const plugins = await loadPlugins(system);
      const { url } = await new PlatformClient(environment).call<{ url: string }>(
        'POST',
        '/console/codes',
      );
      console.log(await readyScreen(platform, plugins.values(), url));
    }
    // Run a full GC once: V8 keeps start-up garbage until there is memory pressure. Needs --expose-gc.
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    const stopDevelopment = dev && (await develop(dev, operations, report, force));
    await stopRequested.promise;
    stopDevelopment?.();
  } catch (error) {
    throw explainError(error as Error, environment);
  } finally {
    await platform.stop();
    await closeApi?.();
    report('Stopped; nothing is left running');
  }
}

/** Adds the free disk space to an error: a full disk causes misleading messages. */
function explainError(error: Error, { folder }: Environment): Error {
  const { bavail, bsize } = statfsSync(folder);
  const freeMb = Math.round((bavail * bsize) / 1e6);
  if (freeMb > DISK_FULL_MB) return error;
  const where = `The disk of ${folder} has ${freeMb} MB left.`;
  return new CliError(
    `${error.message}\n${where}`,
    'free disk space, or set FIELDGUIDE_HOME',
    error,
  );
}

/** Watches sources within the platform's process. */
async function develop(
  { watch }: Dev,
  operations: Operations,
  report: (line: string) => void,
  force: boolean,
) {
  if (watch !== 'all') {
    await operations.dev(watch.app, watch.inspectPort, force);
    report(`${watch.app} waits for a debugger on port ${watch.inspectPort}`);
  }
  const wanted = watch === 'all' ? appNames : [watch.app];
  return watchSources(wanted, (app) => operations.push(app, force), report);
}

/** Watches one app of a platform that already runs, until Ctrl-C; then removes its debugger port. */
export async function join(
  { app, inspectPort }: { app: string; inspectPort: number },
  options: StartOptions,
): Promise<void> {
  const platform = platformOf(options);
  const force = options.force === true;
  const report = (line: string) => process.stderr.write(`  ${line}\n`);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => ending.abort());
  const begin = () => platform.call('PUT', `/apps/${app}/debugger`, { port: inspectPort, force });
  await printingEvents(platform, options, begin);
  report(`${app} waits for a debugger on port ${inspectPort}; Ctrl-C removes it`);
  const push = (name: string) =>
    printingEvents(platform, options, () =>
      platform.call('POST', `/apps/${name}/pushes`, { force }),
    );
  const endWatching = watchSources([app], push, report);
  for await (const line of followLogs(environmentOf(options), { source: app }, ending.signal))
    console.log(formatLine(line));
  endWatching();
  await printingEvents(platform, options, () => platform.call('DELETE', `/apps/${app}/debugger`));
}
