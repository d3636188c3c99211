import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { beforeEach, expect, it } from 'vitest';
import { GroupedUnitsOfWork } from './grouped-units.ts';
import { MemoryUnitOfWorkRunner } from './memory-unit-of-work.ts';
import { Thing, thing } from './testing/index.ts';
import type { UnitOfWork } from './unit-of-work.ts';

const cause = { id: '00000000-0000-7000-8000-0000000000cc', correlationid: 'began-there' };
let groups: (readonly string[])[];
let units: MemoryUnitOfWorkRunner;
let grouped: GroupedUnitsOfWork;
beforeEach(() => {
  groups = [];
  units = new MemoryUnitOfWorkRunner({
    service: 'test',
    clock: new SystemClock(),
    ids: new SystemIds(),
  });
  grouped = new GroupedUnitsOfWork(units, async (keys) => void groups.push(keys));
});
const save = (id: string) => grouped.run(id, (uow) => uow.save(Thing, thing(id)));
const stored = () => units.rows(Thing).map(({ id }) => id);

it('runs the first works immediately, and those that arrive meanwhile together', async () => {
  const first = ['a', 'b'].map(save);
  await Promise.resolve();
  await Promise.all([...first, ...['c', 'd'].map(save)]);
  expect(groups).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(stored()).toEqual(['a', 'b', 'c', 'd']);
});

it('runs each work again by itself when one of them fails', async () => {
  const fails = grouped.run('bad', async (uow: UnitOfWork) => {
    await uow.save(Thing, thing('bad'));
    throw new Error('rejected');
  });
  const results = await Promise.allSettled([save('a'), fails, save('b')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(stored().toSorted()).toEqual(['a', 'b']);
});

it('continues no work from the cause of another', async () => {
  const causes: unknown[] = [];
  const work = (id: string) =>
    grouped.run(id, async (uow) => {
      causes.push(uow.causation);
      uow.continueFrom(cause);
    });
  await Promise.all(['a', 'b', 'c'].map(work));
  expect(causes).toEqual([undefined, undefined, undefined]);
});
