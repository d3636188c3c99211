import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { type Database } from '@fieldguide/database';
import { PostgresLeases, PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import {
  freshDatabase,
  Thing,
  ThingsTable1760000009000,
  thing,
} from '@fieldguide/database/testing';
import { makeLog } from '@fieldguide/telemetry';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type CurrentState, publishMessage } from './index.ts';
import {
  MemoryMessaging,
  messageTables,
  type OutgoingRecord,
  outboxReader,
  startRelay,
} from './parts.ts';

const TOPIC = 'things.v1';
const log = makeLog('test', 'test', 'silent');

/** Pauses, as a frozen process does. */
class FreezableClock extends SystemClock {
  #thawed = Promise.resolve();
  #thaw = () => {};

  freeze(): void {
    this.#thawed = new Promise((resolve) => {
      this.#thaw = resolve;
    });
  }
  thaw = (): void => this.#thaw();
  whenThawed = (): Promise<void> => this.#thawed;

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await super.sleep(ms, signal);
    await this.#thawed;
  }
}

/** Freezes before it sends a batch; `losesAnswer` loses the response too. */
class FreezableMessaging extends MemoryMessaging {
  frozen = 0;
  losesAnswer = false;
  readonly #clock: FreezableClock;
  readonly #broker: MemoryMessaging;

  constructor(clock: FreezableClock, broker: MemoryMessaging) {
    super(clock);
    this.#clock = clock;
    this.#broker = broker;
  }
  override async publish(batch: readonly OutgoingRecord[]): Promise<void> {
    this.#clock.freeze();
    this.frozen += 1;
    await this.#clock.whenThawed();
    await this.#broker.publish(batch);
    if (this.losesAnswer) throw new Error('the response was lost');
  }
}

const [clock, ids] = [new SystemClock(), new SystemIds()];
let database: Database;
let units: PostgresUnitOfWorkRunner;
let notifier: MemoryNotifier;
let broker: MemoryMessaging;
let published: number[];

beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_late_relay', {
    entities: [...messageTables.entities, Thing],
    migrations: [...messageTables.migrations, ThingsTable1760000009000],
  });
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.query('TRUNCATE outbox, leases, things');
  notifier = new MemoryNotifier(clock);
  units = new PostgresUnitOfWorkRunner(database, { service: 'test', clock, ids }, notifier);
  broker = new MemoryMessaging(clock);
  published = [];
  await broker.subscribe([TOPIC], { mode: 'shared', group: 'g' }, async (records) => {
    published.push(
      ...records.map(({ value }) => JSON.parse(value.toString()).data.count as number),
    );
  });
});

const changed = ({ id, count }: Thing) => ({
  topic: TOPIC,
  type: 'ThingChanged',
  subject: id,
  data: { count },
});
const current: CurrentState = {
  [TOPIC]: async (uow, id) => {
    const [found] = await uow.lock(Thing, [id]);
    return found && changed(found);
  },
};
const change = (count: number) =>
  units.run(async (uow) => {
    const row = (await uow.load(Thing, 'tent')) ?? thing('tent');
    row.count = count;
    await uow.save(Thing, row);
    publishMessage(uow, changed(row));
  });
const relay = (holder: string, transport: MemoryMessaging, time: SystemClock) =>
  startRelay(
    outboxReader(database, { units, current }),
    transport,
    new PostgresLeases(database, holder, 500),
    { clock: time, notifier, log },
  );
const left = async () => (await database.query('SELECT id FROM outbox')).length;

describe('a relay that was frozen with an old state', () => {
  it.each([
    ['publishes it late', false],
    ['publishes it late and receives no response', true],
  ])('%s: the current state is published after it', async (_, losesAnswer) => {
    const frozenClock = new FreezableClock();
    const frozen = new FreezableMessaging(frozenClock, broker);
    frozen.losesAnswer = losesAnswer;
    const late = relay('late', frozen, frozenClock);
    await change(1);
    await expect.poll(() => frozen.frozen).toBe(1);

    const other = relay('other', broker, clock);
    await change(2);
    await expect.poll(() => published).toEqual([1, 2]);
    await expect.poll(left).toBe(0);

    frozenClock.thaw();
    await expect.poll(() => published.slice(2)).toEqual([1, 2]);
    await expect.poll(left).toBe(0);
    await late.stop();
    await other.stop();
  });
});
