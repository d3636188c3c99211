import { CliError } from '@fieldguide/platform-host/cli-error';
import type { System } from '@fieldguide/platform-model';
import type { CommandPlugin } from '@fieldguide/platform-model/plugin';
import type { Command } from 'commander';
import { commandContext } from './commands/command-context.ts';

/** Where the platform finds the map: for hints. */
const MAP = 'system/system.ts';

/** Loads the plug-ins of a map, by name. @throws CliError when the map lacks an app that one of them needs */
export async function loadPlugins({
  apps,
  plugins = {},
}: System): Promise<ReadonlyMap<string, CommandPlugin>> {
  const loaded = Object.entries(plugins).map(async ([name, { needs, load }]) => {
    const missing = needs.filter((app) => !Object.hasOwn(apps, app));
    if (missing.length > 0)
      throw new CliError(
        `The plug-in "${name}" needs ${missing.join(', ')}, which the system map does not contain.`,
        `remove the plug-in from ${MAP}, or add the app`,
      );
    return [name, (await load()).plugin] as const;
  });
  return new Map(await Promise.all(loaded));
}

/** Adds the commands of plug-ins. @throws CliError when a command with the same name exists */
export function addPlugins(program: Command, plugins: ReadonlyMap<string, CommandPlugin>): void {
  for (const [name, plugin] of plugins) {
    if (plugin.heading) program.commandsGroup(plugin.heading);
    try {
      plugin.add(program, commandContext);
    } catch (error) {
      throw new CliError(
        `Cannot add the commands of the plug-in "${name}": ${(error as Error).message}`,
        `change the plug-in, or remove it from ${MAP}`,
        error,
      );
    }
  }
}

/** Returns data of a plug-in for the console. @throws CliError when no plug-in offers it */
export async function pluginData(
  plugins: ReadonlyMap<string, CommandPlugin>,
  env: string,
  plugin: string,
  name: string,
  query: Readonly<Record<string, string>>,
): Promise<unknown> {
  const { data = {} } = plugins.get(plugin) ?? {};
  if (!Object.hasOwn(data, name))
    throw new CliError(`There is no data "${name}" of a plug-in "${plugin}".`, `see ${MAP}`);
  return data[name]!(query, commandContext, { env });
}
