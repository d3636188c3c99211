import type { CommandPlugin } from '@fieldguide/platform-model/plugin';
import { describe, expect, it } from 'vitest';
import { readyScreen } from './screen.ts';

const started = {
  gatewayUrl: 'http://host',
  providerUrl: undefined,
  environment: { name: 'local' },
};
const CONSOLE = 'http://host/console';
const loans: CommandPlugin = {
  add: () => undefined,
  startText: async (gatewayUrl) => ({
    addresses: [['Catalogue', `${gatewayUrl}/books`]],
    text: '  Borrow a book.\n',
    commands: [['npx library loans', 'List loans']],
  }),
};

describe('the screen of a completed start', () => {
  it('shows the addresses, the texts and the commands of the plug-ins', async () => {
    const screen = await readyScreen(started, [{ add: () => undefined }, loans], CONSOLE);
    expect(screen).toContain(
      '  API to try       http://host/docs\n  Catalogue        http://host/books\n  Console          http://host/console  ',
    );
    expect(screen).toContain('  Borrow a book.\n\n  In another terminal:\n');
    expect(screen).toMatch(/ {4}npx library loans {16}List loans\n {4}npx fieldguide console/);
  });
  it('needs no plug-in', async () => {
    expect(await readyScreen(started, [], CONSOLE)).toContain(
      'one minute)\n\n  In another terminal:\n',
    );
  });
});
