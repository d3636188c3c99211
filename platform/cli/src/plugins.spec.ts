import { CliError } from '@fieldguide/platform-host/cli-error';
import type { System } from '@fieldguide/platform-model';
import type { CommandPlugin } from '@fieldguide/platform-model/plugin';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addPlugins, loadPlugins } from './plugins.ts';

const loans: CommandPlugin = {
  heading: 'Loans:',
  add: (program, { command }) => {
    command(program, 'loans', 'Show loans', 'loans --json');
  },
};
const library = (needs: readonly string[]): System => ({
  name: 'library',
  operatorScopes: [],
  apps: { lending: { kind: 'service', summary: 'loans', uses: [] } },
  plugins: { loans: { needs, load: async () => ({ plugin: loans }) } },
});

describe('a plug-in of the map', () => {
  it('adds its commands below its heading, with the common options', async () => {
    const program = new Command('test');
    addPlugins(program, await loadPlugins(library(['lending'])));
    expect(program.helpInformation()).toMatch(/Loans:\n {2}loans .*Show loans/);
    expect(program.commands[0]!.options.map(({ long }) => long)).toEqual(['--env', '--json']);
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
