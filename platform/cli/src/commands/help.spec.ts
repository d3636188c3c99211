import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commands } from '../cli.ts';

function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap(all)];
}

const listed = all(await commands()).filter((each) => each.name() !== 'complete');

describe('help', () => {
  it.each(listed.map((each) => [pathOf(each), each] as const))(
    'of "%s" fits 80 columns and starts with a capital letter',
    (_, each) => {
      const options = each.options.map(({ description }) => description);
      const parameters = each.registeredArguments.map(({ description }) => description);
      for (const text of [each.description(), ...options, ...parameters])
        expect(text).toMatch(/^[A-Z]/);
      let help = '';
      each.configureOutput({
        getOutHelpWidth: () => 80,
        writeOut: (text) => {
          help += text;
        },
      });
      each.outputHelp();
      expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );
});

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
