import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Events } from '@fieldguide/platform-host/events';
import { describe, expect, it } from 'vitest';
import { AppKeeper } from './app-keeper.ts';

const events = () => new Events(join(mkdtempSync(join(tmpdir(), 'keeper-')), 'platform.log'));

describe('a keeper', () => {
  it('that cannot even try says so, tells whoever waits, and does not hammer', async () => {
    const told = events();
    let tries = 0;
    const keeper = new AppKeeper({
      app: 'ordering',
      events: told,
      wanted: () => ({ instances: 1, hash: 'a' }),
      start: () => {
        tries += 1;
        return Promise.reject(new CliError('The disk is full.', 'make room'));
      },
      evict: () => Promise.resolve(),
      changed: () => undefined,
    });
    await expect(keeper.settled()).rejects.toThrow(/disk is full/);
    keeper.turn();
    keeper.turn();
    expect(tries).toBe(1);
    expect(told.recent.map(({ text }) => text)).toEqual(['! The disk is full. Next try in 5 s.']);
    await keeper.stop();
  });

  it('has nothing to do when nothing is wanted and nothing runs', async () => {
    const keeper = new AppKeeper({
      app: 'ordering',
      events: events(),
      wanted: () => ({ instances: 0, hash: 'a' }),
      start: () => Promise.reject(new Error('nobody asked for it')),
      evict: () => Promise.resolve(),
      changed: () => undefined,
    });
    await keeper.settled();
    expect(keeper.instances).toEqual([]);
  });
});
