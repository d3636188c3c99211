import type { SigningKeyStatus } from '@fieldguide/platform-controller/keys/key-rotation';
import type { Command } from 'commander';
import { table } from '../screen/tables.ts';
import { type CommonOptions, command, platformOf, print, printingEvents } from './command.ts';

/** Adds the commands on the keys that sign access tokens: list, rotate. */
export function addKeyCommands(program: Command): void {
  const keys = program.command('keys').description('Rotate the key that signs access tokens');

  command(keys, 'list', 'List the signing keys by their thumbprints', 'keys list').action(
    async (options: CommonOptions) => {
      const all = await platformOf(options).call<SigningKeyStatus[]>('GET', '/keys');
      print(options, all, keysTable(all));
    },
  );

  command(
    keys,
    'rotate',
    'Sign with a new key, without a failed request; continues an unfinished rotation',
    'keys rotate',
  ).action(async (options: CommonOptions) => {
    const platform = platformOf(options);
    const rotate = () => platform.call<SigningKeyStatus[]>('POST', '/keys/rotations');
    const all = await printingEvents(platform, options, rotate);
    print(options, all, keysTable(all));
  });
}

function keysTable(keys: readonly SigningKeyStatus[]): string {
  const rows = keys.map(({ id, state, until }) => [id, state, until ?? '–']);
  return table(['KEY', 'STATE', 'REMOVED AT'], rows);
}
