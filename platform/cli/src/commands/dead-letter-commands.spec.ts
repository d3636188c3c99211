import { expect, it } from 'vitest';
import { lettersOf } from './dead-letter-commands.ts';

it('lists the dead letters of the other apps when one does not respond', async () => {
  const letters = await lettersOf(['alpha', 'beta', 'gamma'], async (app) => {
    if (app === 'beta') throw new Error('beta is not available');
    return [{ id: `of ${app}` } as never];
  });
  expect(letters.found.map(({ app, id }) => [app, id])).toEqual([
    ['alpha', 'of alpha'],
    ['gamma', 'of gamma'],
  ]);
  expect(letters.failed).toEqual(['beta (beta is not available)']);
});
