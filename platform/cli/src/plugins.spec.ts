import { CliError } from '@fieldguide/platform-host/cli-error';
import type { System } from '@fieldguide/platform-model';
import type { CommandPlugin } from '@fieldguide/platform-model/plugin';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addPlugins, loadPlugins, pluginData } from './plugins.ts';

const loans: CommandPlugin = {
  heading: 'Loans:',
  add: (program, { command }) => {
    command(program, 'loans', 'Show loans', 'loans --json');
  },
};
const library = (needs: readonly string[]): System => ({
  name: 'library',
  operatorScopes: [],
  teams: { desk: '@library/desk' },
  team: 'desk',
  apps: { lending: { kind: 'service', team: 'desk', summary: 'loans', uses: [] } },
  plugins: { loans: { needs, load: async () => ({ plugin: loans }) } },
});

describe('a plug-in of the map', () => {
  it('adds its commands below its heading, with the common options', async () => {
    const program = new Command('test');
    addPlugins(program, await loadPlugins(library(['lending'])));
    expect(program.helpInformation()).toMatch(/Loans:\n {2}loans .*Show loans/);
    expect(program.commands[0]!.options.map(({ long }) => long)).toEqual(['--env', '--json']);
  });

  it('offers data for the console, and no other names', async () => {
    const data: CommandPlugin['data'] = { overdue: async ({ of }, _, { env }) => [of, env] };
    const plugins = new Map([['loans', { ...loans, data }]]);
    expect(await pluginData(plugins, 'local', 'loans', 'overdue', { of: 'Ada' })).toEqual([
      'Ada',
      'local',
    ]);
    for (const [plugin, name] of [
      ['loans', 'constructor'],
      ['post', 'overdue'],
    ] as const)
      await expect(pluginData(plugins, 'local', plugin, name, {})).rejects.toThrow(
        `There is no data "${name}" of a plug-in "${plugin}"`,
      );
  });

  it('is an error when the map lacks an app that it needs', async () => {
    const error = await loadPlugins(library(['lending', 'post'])).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(CliError);
    expect(error.message).toBe(
      'The plug-in "loans" needs post, which the system map does not contain.',
    );
    expect(error.hint).toContain('system/system.ts');
  });

  it('is an error when a command with the name of one of its commands exists', async () => {
    const program = new Command('test');
    program.command('loans');
    const plugins = await loadPlugins(library(['lending']));
    expect(() => addPlugins(program, plugins)).toThrow(
      /^Cannot add the commands of the plug-in "loans": .*already have command 'loans'/,
    );
  });
});
