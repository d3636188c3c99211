import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { describe, expect, it } from 'vitest';
import {
  type Decider,
  type DomainCommand,
  type DomainEvent,
  type RecordedEvent,
  replay,
} from './index.ts';
import { MemoryEventStore } from './parts.ts';
import { eventStoreContract } from './testing/event-store.contract.ts';
import { scenariosOf, snapshotsHold } from './testing/index.ts';

const [clock, ids] = [new SystemClock(), new SystemIds()];
eventStoreContract('in memory', async () => {
  const log: RecordedEvent[] = [];
  return {
    store: new MemoryEventStore(clock, ids, {}, log),
    units: new MemoryUnitOfWorkRunner({ service: 'test', clock, ids }),
    holdLease: async () => ({ name: 'publisher', epoch: '1' }),
    ofNextVersion: (upcasters) => new MemoryEventStore(clock, ids, upcasters, log),
  };
});

type Light = 'on' | 'off';
type Switched = DomainEvent<'Switched', { to: Light }>;
const lamp: Decider<Light, DomainCommand<'Press', object>, Switched> = {
  name: 'lamp',
  initial: 'off',
  decide: {
    Press: (_, light) => [{ type: 'Switched', data: { to: light === 'on' ? 'off' : 'on' } }],
  },
  evolve: { Switched: (_, { to }) => to },
};

describe('a decider', () => {
  const press = { type: 'Press', data: {} } as const;
  it('decides from the past events', () => {
    const given = scenariosOf(lamp);
    given()
      .when(press)
      .emits({ type: 'Switched', data: { to: 'on' } });
    given({ type: 'Switched', data: { to: 'on' } })
      .when(press)
      .emits({ type: 'Switched', data: { to: 'off' } });
  });
  it('loads, decides and appends in one call', async () => {
    const store = new MemoryEventStore(clock, ids);
    await store.handle(lamp, '1', press);
    await store.handle(lamp, '1', press);
    expect(replay(lamp, (await store.read('lamp-1')) as never)).toBe('off');
  });
  it('may have snapshots when its state survives JSON', () => {
    const history: Switched[] = [{ type: 'Switched', data: { to: 'on' } }];
    snapshotsHold(lamp, history);
    const dated: Decider<Date, DomainCommand, Switched> = {
      name: 'dated',
      initial: new Date(0),
      decide: {},
      evolve: { Switched: (since) => since },
    };
    expect(() => snapshotsHold(dated, history)).toThrow(/from a snapshot after/);
  });
  it('throws for an event type that it does not know', () =>
    expect(() => replay(lamp, [{ type: 'Exploded', data: {} } as never])).toThrow(/does not know/));
});
