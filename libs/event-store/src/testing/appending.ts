import { writeSync } from 'node:fs';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { ConcurrencyError, Database, type UnitOfWorkRunner } from '@fieldguide/database';
import { PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { Note, note, Thing, thing } from '@fieldguide/database/testing';
import { MemoryNotifier } from '@fieldguide/workers';
import { type EventStore } from '../index.ts';
import { PostgresEventStore } from '../parts.ts';

/** The process's name in the database. */
export const VICTIM = 'killed-process';

/** The events of each commit: all of them are stored, or none. */
export const commits = {
  alone: [1, 2],
  first: [3],
  second: [4],
  third: [5, 6, 7],
  unit: [8, 9, 10],
  again: [11],
  atCommit: [12, 13, 14],
} as const;
export type Commit = keyof typeof commits;

const event = (at: number) => ({
  id: `00000000-0000-7000-8000-${String(at).padStart(12, '0')}`,
  type: 'A',
  data: { at },
});

/** Appends as services do: one by one, concurrently, and in a unit of work with a saved and an appended row. Uses the same ids each time. */
export async function work(
  store: EventStore,
  units: UnitOfWorkRunner,
  acknowledge: (commit: Commit) => void,
): Promise<void> {
  const append = async (commit: Commit, stream: string, expected = 0) => {
    await store.append({ stream, expected, events: commits[commit].map(event) });
    acknowledge(commit);
  };
  await append('alone', 'k-alone');
  await Promise.all([
    append('first', 'k-first'),
    append('second', 'k-second'),
    append('third', 'k-third'),
  ]);
  await units.run(async (tx) => {
    if (!(await tx.load(Thing, 'k'))) {
      await tx.save(Thing, thing('k'));
      tx.append(Note, note('k'));
    }
    const [one, ...others] = commits.unit.map(event);
    await store.append({ stream: 'k-unit', expected: 0, events: [one!] }, tx);
    await store.append({ stream: 'k-other', expected: 0, events: others }, tx);
  });
  acknowledge('unit');
  await append('again', 'k-alone', 2);
  await units
    .run(async (tx) => {
      await tx.save(Thing, thing('c'));
      tx.append(Note, note('c'));
      const [one, ...others] = commits.atCommit.map((at) => ({ ...event(at), id: undefined }));
      await store.append({ stream: 'k-commit', expected: 0, events: [one!] } as never, tx);
      await store.append({ stream: 'k-late', expected: 0, events: others } as never, tx);
    })
    // Without ids a repeat is not recognised, but refused.
    .catch((error: unknown) => {
      if (!(error instanceof ConcurrencyError)) throw error;
    });
  acknowledge('atCommit');
}

/** The main function of the process to kill: prints each acknowledged commit. */
export async function run(url: string): Promise<void> {
  const database = new Database({ url, name: VICTIM, entities: [Thing, Note], migrations: [] });
  await database.open();
  const [clock, systemIds] = [new SystemClock(), new SystemIds()];
  const notifier = new MemoryNotifier(clock);
  const origin = { service: 'test', clock, ids: systemIds };
  const store = new PostgresEventStore(database, clock, systemIds, notifier);
  const units = new PostgresUnitOfWorkRunner(database, origin, notifier);
  await work(store, units, (commit) => writeSync(1, `${commit}\n`));
  await store.close();
  await database.close();
}
