import type { AppStatus } from '@fieldguide/platform-controller/status';
import { appNames, apps, example, webAppNames, webApps } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import type { Argument, Command } from 'commander';
import { appsTable, settingsTable } from '../screen/tables.ts';
import {
  type CommonOptions,
  choiceArgument,
  command,
  parseInstance,
  platformOf,
  print,
  printingEvents,
} from './command.ts';
import { parseNumber, parseScale } from './parse-scale.ts';

interface Pushed {
  app: string;
  digest: string;
  fresh: boolean;
}

/** What has artifacts: apps, and web applications. */
const deployable = [...appNames, ...webAppNames];
const allOf = (names: readonly string[]) =>
  [...apps, ...webApps].filter(({ name }) => names.includes(name));

/** Adds the commands on apps: push, stage, scale, restart, kill, rollback, env. */
export function addAppCommands(program: Command): void {
  command(
    program,
    'push',
    'Build an app from its sources and replace its instances one by one',
    `push ${example.app}`,
    'push --all',
  )
    .addArgument(manyApps())
    .option('--all', 'Push every app, one after another')
    .option('--force', 'Push even if can-i-deploy fails; the push is logged')
    .action(async (names: string[], options: CommonOptions & { all?: boolean; force?: true }) => {
      const wanted = known(options.all ? deployable : names);
      if (wanted.length === 0)
        throw new CliError(
          'No app is named.',
          `fieldguide push ${example.app}, or fieldguide push --all`,
        );
      const platform = platformOf(options);
      // The bundler is loaded once for all of them, and a fault in one stops before any is pushed.
      if (wanted.length > 1) {
        const { stage } = await import('@fieldguide/platform-controller/stager/stage');
        for (const app of allOf(wanted)) await stage(app);
      }
      const pushed: Pushed[] = [];
      for (const app of wanted) {
        const push = () =>
          platform.call<Pushed>('POST', `/apps/${app}/pushes`, { force: options.force === true });
        pushed.push(await printingEvents(platform, options, push));
      }
      const lines = pushed.map(({ app, digest, fresh }) =>
        fresh
          ? `${app} runs ${digest.slice(0, 8)}`
          : `${app} already runs ${digest.slice(0, 8)}: its sources are unchanged`,
      );
      print(options, pushed, lines.join('\n'));
    });

  command(
    program,
    'stage',
    'Build the artifacts of some apps, or of all, without running them',
    `stage ${example.app}`,
  )
    .addArgument(manyApps())
    .option('--source-map', 'Also write a source map for a debugger')
    .action(async (names: string[], options: CommonOptions & { sourceMap?: boolean }) => {
      const { stage } = await import('@fieldguide/platform-controller/stager/stage');
      const staged = [];
      for (const app of allOf(known(names.length ? names : deployable))) {
        const { artifact, fresh } = await stage(app, options.sourceMap);
        staged.push({ app: app.name, version: artifact.version, digest: artifact.digest, fresh });
      }
      const lines = staged.map(
        ({ app, version, digest, fresh }) =>
          `${app} ${version} ${digest.slice(0, 16)} ${fresh ? 'staged' : 'unchanged'}`,
      );
      print(options, staged, lines.join('\n'));
    });

  command(
    program,
    'scale',
    'Set the instances of an app, or their memory limit',
    `scale ${example.app} 3`,
    `scale ${example.app} web=2 worker=1`,
    `scale ${example.app} --memory 400`,
  )
    .addArgument(oneApp())
    .argument('[instances...]', 'A number, or a number for each process type: web=2 worker=1')
    .option('--memory <MB>', 'Memory limit; an instance above it is replaced', parseNumber)
    .action(async (app: string, words: string[], options: CommonOptions & { memory?: number }) => {
      const { memory: memoryMb } = options;
      const instances = words.length > 0 ? parseScale(words) : undefined;
      if (instances === undefined && memoryMb === undefined)
        throw new CliError(
          'The number of instances is missing.',
          `fieldguide scale ${example.app} 3`,
        );
      const platform = platformOf(options);
      const scale = () =>
        platform.call<AppStatus>('PATCH', `/apps/${app}`, { instances, memoryMb });
      const status = await printingEvents(platform, options, scale);
      print(options, status, appsTable([status]));
    });

  command(
    program,
    'restart',
    'Restart all instances of an app one by one',
    `restart ${example.app}`,
  )
    .addArgument(oneApp())
    .action(async (app: string, options: CommonOptions) => {
      const platform = platformOf(options);
      const restart = () => platform.call('POST', `/apps/${app}/restarts`);
      const done = await printingEvents(platform, options, restart);
      print(options, done, `${app} is restarted`);
    });

  command(
    program,
    'kill',
    'Send a signal to an instance, to test how the platform recovers',
    `kill ${example.app}/2`,
    `kill ${example.app}/1 --signal SIGSTOP`,
  )
    .argument('<instance>', `App and number, for example ${example.app}/2`)
    .option('--signal <name>', 'One of SIGKILL, SIGTERM, SIGSTOP, SIGCONT, SIGINT', 'SIGKILL')
    .action(async (instance: string, options: CommonOptions & { signal: string }) => {
      const { app, slot } = parseInstance(instance);
      if (!(slot >= 1))
        throw new CliError(`"${instance}" is not an instance.`, `for example ${example.app}/2`);
      const path = `/apps/${app}/instances/${slot}/signals`;
      const { signal } = options;
      const done = await platformOf(options).call<{ done: string }>('POST', path, { signal });
      print(options, done, `${done.done}; fieldguide status --watch shows the recovery`);
    });

  command(program, 'rollback', 'Return an app to its previous artifact', `rollback ${example.app}`)
    .addArgument(choiceArgument('<app>', deployable, 'Name of the app'))
    .option('--force', 'Outside `local`: deploy even if can-i-deploy fails; this is logged')
    .action(async (app: string, options: CommonOptions & { force?: true }) => {
      const platform = platformOf(options);
      const body = { force: options.force === true };
      const rollback = () => platform.call<Pushed>('POST', `/apps/${app}/rollbacks`, body);
      const back = await printingEvents(platform, options, rollback);
      print(options, back, `${app} runs ${back.digest.slice(0, 8)} again`);
    });

  command(
    program,
    'env',
    'Show the settings of an app with their sources, or change one',
    `env ${example.app}`,
    ...(example.setting ? settingExamples(...example.setting) : []),
  )
    .addArgument(oneApp())
    .argument('[setting]', 'KEY shows a setting, KEY=value changes it')
    .option('--unset <key>', 'Remove the value that was set with KEY=value')
    .action(
      async (
        app: string,
        setting: string | undefined,
        options: CommonOptions & { unset?: string },
      ) => {
        const platform = platformOf(options);
        const { unset } = options;
        const [key = unset, ...value] = setting?.split('=') ?? [];
        const path = `/apps/${app}/settings`;
        const one = `${path}/${encodeURIComponent(key ?? '')}`;
        if (unset) await printingEvents(platform, options, () => platform.call('DELETE', one));
        else if (value.length > 0) {
          const body = { value: value.join('=') };
          await printingEvents(platform, options, () => platform.call('PUT', one, body));
        }
        const all = await platform.call<Parameters<typeof settingsTable>[0]>('GET', path);
        if (key) parseChoice(`setting of ${app}`, key, Object.keys(all));
        const formatLine = key ? { [key]: all[key]! } : all;
        print(options, formatLine, settingsTable(formatLine));
      },
    );
}

function settingExamples(key: string, value: string): string[] {
  return [`env ${example.app} ${key}=${value}`, `env ${example.app} --unset ${key}`];
}

function oneApp(): Argument {
  return choiceArgument('<app>', appNames, 'Name of the app');
}

function manyApps(): Argument {
  return choiceArgument('[app...]', deployable, 'Names of apps');
}

function known(names: readonly string[]): string[] {
  return names.map((name) => parseChoice('app', name, deployable));
}
