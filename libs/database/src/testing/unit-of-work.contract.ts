import { LeaseLostError } from '@fieldguide/workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConcurrencyError, type UnitOfWork, type UnitOfWorkRunner } from '../unit-of-work.ts';
import { Note, note, Thing, thing } from './index.ts';

export interface UnitOfWorkUnderTest {
  readonly units: UnitOfWorkRunner;
  /** Gives a lease to another holder, with this epoch. */
  lease(name: string, epoch: string): Promise<void>;
}

/** Every implementation of units of work passes this suite. */
export function unitOfWorkContract(name: string, make: () => Promise<UnitOfWorkUnderTest>) {
  describe(`a unit of work ${name}`, () => {
    let { units, lease } = {} as UnitOfWorkUnderTest;
    beforeEach(async () => {
      ({ units, lease } = await make());
    });
    const count = (id: string) => units.run(async (uow) => (await uow.load(Thing, id))?.count);

    it('stores what it saved', async () => {
      await units.run((uow) => uow.save(Thing, thing('a', { count: 1 })));
      expect(await count('a')).toBe(1);
      expect(await units.load(Thing, 'a')).toMatchObject({ count: 1, version: 1 });
      expect(await units.load(Thing, 'b')).toBeUndefined();
    });

    it('inserts a row unless its key exists', async () => {
      const insert = (id: string) =>
        units.run((uow) => uow.insert(Thing, thing(id, { version: 1 })));
      expect([await insert('a'), await insert('b'), await insert('a')]).toEqual([
        true,
        true,
        false,
      ]);
      const failing = units.run(async (uow) => {
        expect(await uow.insert(Thing, thing('c', { version: 1 }))).toBe(true);
        expect(await uow.insert(Thing, thing('c', { version: 1 }))).toBe(false);
        throw new Error('half-way');
      });
      await expect(failing).rejects.toThrow('half-way');
      expect([await count('a'), await count('c')]).toEqual([0, undefined]);
    });

    it('appends rows in their order, and none when it fails', async () => {
      await units.run(async (uow) => {
        for (const text of ['b', 'a', 'c']) uow.append(Note, note(text));
      });
      const failing = units.run(async (uow) => {
        uow.append(Note, note('d'));
        throw new Error('half-way');
      });
      await expect(failing).rejects.toThrow('half-way');
      const notes = await units.run((uow) => uow.find(Note, {}, 9, 'id'));
      expect(notes.map(({ text }) => text)).toEqual(['b', 'a', 'c']);
    });

    it('rejects a row that another unit of work has changed', async () => {
      await units.run((uow) => uow.save(Thing, thing('a')));
      const old = await units.run((uow) => uow.load(Thing, 'a'));
      await units.run(async (uow) => uow.save(Thing, (await uow.load(Thing, 'a'))!));
      await expect(units.run((uow) => uow.save(Thing, old!))).rejects.toThrow(ConcurrencyError);
      await expect(units.run((uow) => uow.save(Thing, thing('a')))).rejects.toThrow(
        ConcurrencyError,
      );
    });

    it('is repeated after a concurrent change, unless it depends on what was read before it', async () => {
      let runs = 0;
      const tooLate = async () => {
        runs += 1;
        throw new ConcurrencyError('changed');
      };
      await expect(units.run(tooLate)).rejects.toThrow(ConcurrencyError);
      expect(runs).toBe(5);
      await expect(units.run(tooLate, { retries: 0 })).rejects.toThrow(ConcurrencyError);
      expect(runs).toBe(6);
    });

    it('saves many rows with one statement, or none when one has changed', async () => {
      await units.run((uow) => uow.save(Thing, thing('a')));
      const rows = await units.run(async (uow) => {
        const both = [(await uow.load(Thing, 'a'))!, thing('b')];
        both.forEach((row, at) => {
          row.count = at + 1;
        });
        await uow.saveAll(Thing, both);
        return both;
      });
      expect([await count('a'), await count('b')]).toEqual([1, 2]);
      await units.run(async (uow) => uow.save(Thing, (await uow.load(Thing, 'b'))!));
      const tooLate = (uow: UnitOfWork) =>
        uow.saveAll(
          Thing,
          rows.map((row) => Object.assign(new Thing(), row, { count: 9 })),
        );
      await expect(units.run(tooLate)).rejects.toThrow(ConcurrencyError);
      await expect(units.run((uow) => uow.saveAll(Thing, [thing('a')]))).rejects.toThrow(
        ConcurrencyError,
      );
      expect([await count('a'), await count('b')]).toEqual([1, 2]);
    });

    it('reads what it has saved', async () => {
      const dueAt = new Date('2020-01-01');
      await units.run(async (uow) => {
        await uow.save(Thing, thing('a', { count: 1 }));
        expect((await uow.load(Thing, 'a'))?.count).toBe(1);
        await uow.save(Thing, thing('b', { count: 1 }));
        expect(await uow.lock(Thing, ['a', 'b'])).toHaveLength(2);
        await uow.save(Thing, thing('c', { count: 1 }));
        expect(await uow.find(Thing, { count: 1 }, 9)).toHaveLength(3);
        await uow.save(Thing, thing('d', { dueAt }));
        expect(await uow.msUntilDue(Thing, 'dueAt')).toBe(0);
        await uow.save(Thing, thing('e', { dueAt }));
        expect(await uow.claim(Thing, 'dueAt', 60_000, 9)).toHaveLength(2);
        await uow.save(Thing, thing('f', { count: 1 }));
        expect(await uow.remove(Thing, { count: 1 })).toBe(4);
      });
      expect(await units.run((uow) => uow.find(Thing, {}, 9))).toHaveLength(2);
    });

    it('stores a row as it was saved last, and increments its version each time', async () => {
      const row = thing('a', { count: 1 });
      await units.run(async (uow) => {
        await uow.save(Thing, row);
        expect(row.version).toBe(1);
        row.count = 2;
        await uow.save(Thing, row);
        row.count = 3; // not saved
      });
      expect(row.version).toBe(2);
      const stored = await units.run((uow) => uow.load(Thing, 'a'));
      expect(stored).toMatchObject({ count: 2, version: 2 });
    });

    it('loads and locks what it has prefetched, with its own changes', async () => {
      for (const id of ['a', 'b']) await units.run((uow) => uow.save(Thing, thing(id)));
      await units.run(async (uow) => {
        await uow.prefetch(Thing, ['a', 'b', 'c']);
        expect(await uow.load(Thing, 'c')).toBeUndefined();
        const row = (await uow.load(Thing, 'a'))!;
        row.count = 5; // not saved
        expect((await uow.load(Thing, 'a'))?.count).toBe(0);
        await uow.save(Thing, row);
        const locked = await uow.lock(Thing, ['b', 'a']);
        expect(locked.map(({ id, count, version }) => [id, count, version])).toEqual([
          ['a', 5, 2],
          ['b', 0, 1],
        ]);
      });
      expect([await count('a'), await count('b')]).toEqual([5, 0]);
    });

    it('is repeated when a prefetched row has changed before it is saved', async () => {
      await units.run((uow) => uow.save(Thing, thing('a')));
      const old = (await units.load(Thing, 'a'))!;
      await units.run((uow) => uow.save(Thing, Object.assign(new Thing(), old, { count: 1 })));
      const stale = units.run(
        async (uow) => {
          await uow.prefetch(Thing, ['a']);
          await uow.save(Thing, Object.assign(new Thing(), old, { count: 2 }));
        },
        { retries: 0 },
      );
      await expect(stale).rejects.toThrow(ConcurrencyError);
      expect(await count('a')).toBe(1);
    });

    it('deletes a row at its version, also one that it has just saved', async () => {
      for (const id of ['a', 'b']) await units.run((uow) => uow.save(Thing, thing(id)));
      const old = (await units.load(Thing, 'b'))!;
      await units.run(async (uow) => uow.save(Thing, (await uow.load(Thing, 'b'))!));
      await units.run(async (uow) => {
        const [row] = await uow.lock(Thing, ['a']);
        await uow.save(Thing, row!);
        await uow.delete(Thing, row!);
        expect(await uow.load(Thing, 'a')).toBeUndefined();
        const fresh = thing('c');
        await uow.save(Thing, fresh);
        await uow.delete(Thing, fresh);
      });
      expect([await count('a'), await count('c')]).toEqual([undefined, undefined]);
      await expect(units.run((uow) => uow.delete(Thing, old))).rejects.toThrow(ConcurrencyError);
      expect(await count('b')).toBe(0);
    });

    it('inserts the rows whose keys are new, and names them', async () => {
      await units.run((uow) => uow.save(Thing, thing('b')));
      const rows = ['c', 'a', 'b'].map((id) => thing(id, { version: 1 }));
      const added = await units.run((uow) => uow.insertNew(Thing, rows));
      expect([...added].toSorted()).toEqual(['a', 'c']);
      const found = await units.run((uow) => uow.find(Thing, { id: ['c', 'b', 'x'] }, 9));
      expect(found.map(({ id }) => id)).toEqual(['b', 'c']);
    });

    it('leaves the version of a row that it could not store', async () => {
      await units.run((uow) => uow.save(Thing, thing('a')));
      const [old, other] = [thing('a', { version: 7 }), thing('b')];
      const failing = units.run(async (uow) => {
        await uow.save(Thing, other);
        await uow.save(Thing, old);
      });
      await expect(failing).rejects.toThrow(ConcurrencyError);
      expect([old.version, other.version]).toEqual([7, 0]);
      await units.run((uow) => uow.save(Thing, other));
      expect(await count('b')).toBe(0);
    });

    it('does not store a row again that was deleted since it was read', async () => {
      await units.run((uow) => uow.save(Thing, thing('a')));
      const old = await units.run((uow) => uow.load(Thing, 'a'));
      await units.run((uow) => uow.remove(Thing, { id: 'a' }));
      await expect(units.run((uow) => uow.save(Thing, old!))).rejects.toThrow(ConcurrencyError);
      expect(await count('a')).toBeUndefined();
    });

    it('loses no change when many change the same row', async () => {
      await units.run((uow) => uow.save(Thing, thing('a')));
      const add = () =>
        units.run(async (uow) => {
          const [row] = await uow.lock(Thing, ['a']);
          row!.count += 1;
          await uow.save(Thing, row!);
        });
      await Promise.all(Array.from({ length: 8 }, add));
      expect(await count('a')).toBe(8);
    });

    it('finds rows by their columns, oldest key first', async () => {
      for (const id of ['c', 'a', 'b'])
        await units.run((uow) => uow.save(Thing, thing(id, { count: 7 })));
      await units.run((uow) => uow.save(Thing, thing('d')));
      const found = await units.run((uow) => uow.find(Thing, { count: 7 }, 2));
      expect(found.map(({ id }) => id)).toEqual(['a', 'b']);
    });

    it('finds rows in the order of another column', async () => {
      for (const [id, n] of [
        ['a', 10],
        ['b', 9],
        ['c', 11],
      ] as const)
        await units.run((uow) => uow.save(Thing, thing(id, { count: n })));
      const found = await units.run((uow) => uow.find(Thing, {}, 2, 'count'));
      expect(found.map(({ id }) => id)).toEqual(['b', 'a']);
    });

    it('holds a named lock, whose next holder reads what the former committed', async () => {
      await units.run((uow) => uow.save(Thing, thing('a')));
      let runs = 0;
      const add = () =>
        units.run(async (uow) => {
          runs += 1;
          await uow.exclusively('things/a');
          const row = (await uow.load(Thing, 'a'))!;
          row.count += 1;
          await uow.save(Thing, row);
        });
      await Promise.all(Array.from({ length: 6 }, add));
      expect(await count('a')).toBe(6);
      expect(runs).toBe(6); // no unit of work had to be repeated
    });

    it('deletes rows by their columns, and none when it fails', async () => {
      for (const id of ['a', 'b', 'c'])
        await units.run((uow) => uow.save(Thing, thing(id, { count: id === 'c' ? 1 : 7 })));
      const failing = units.run(async (uow) => {
        await uow.remove(Thing, { count: 7 });
        throw new Error('half-way');
      });
      await expect(failing).rejects.toThrow('half-way');
      expect(await count('a')).toBe(7);
      expect(await units.run((uow) => uow.remove(Thing, { count: 7 }))).toBe(2);
      expect([await count('a'), await count('b'), await count('c')]).toEqual([
        undefined,
        undefined,
        1,
      ]);
      await units.run((uow) => uow.save(Thing, thing('a'))); // the key is free again
    });

    it('gives a due row to one claimer, and to another when the claim has expired', async () => {
      const dueAt = new Date('2020-01-01');
      const never = new Date('2999-01-01');
      await units.run((uow) => uow.save(Thing, thing('a', { dueAt })));
      await units.run((uow) => uow.save(Thing, thing('b', { dueAt: never })));
      const next = () => units.run((uow) => uow.msUntilDue(Thing, 'dueAt'));
      const claim = () => units.run((uow) => uow.claim(Thing, 'dueAt', 60_000, 10));
      expect(await next()).toBe(0);
      const claims = await Promise.all([claim(), claim()]);
      expect(claims.flat().map(({ id }) => id)).toEqual(['a']);
      const [row] = claims.flat();
      await units.run((uow) => uow.save(Thing, Object.assign(row!, { dueAt })));
      expect(await claim()).toHaveLength(1);
      expect(await next()).toBeGreaterThan(30_000);
      expect(await next()).toBeLessThanOrEqual(60_000);
    });

    it('stops a holder whose lease another instance has taken', async () => {
      await lease('relay', '2');
      await units.run((uow) => uow.assertHeld({ name: 'relay', epoch: '2' }));
      await expect(
        units.run((uow) => uow.assertHeld({ name: 'relay', epoch: '1' })),
      ).rejects.toThrow(LeaseLostError);
    });

    it('runs hooks before the commit inside the transaction, and hooks after it only when it succeeds', async () => {
      const steps: string[] = [];
      const run = (fail: boolean) =>
        units.run(async (uow) => {
          uow.beforeCommit(async () => {
            steps.push('before');
            if (fail) throw new Error('not now');
          });
          uow.afterCommit(() => steps.push('after'));
        });
      await expect(run(true)).rejects.toThrow('not now');
      await run(false);
      expect(steps).toEqual(['before', 'before', 'after']);
    });
  });
}
