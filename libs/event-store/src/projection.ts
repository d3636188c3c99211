import {
  ConcurrencyError,
  type EntityClass,
  type UnitOfWorkRunner,
  type Versioned,
} from '@fieldguide/database';
import { metrics } from '@fieldguide/telemetry';
import type { Lease, Notifier } from '@fieldguide/workers';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DomainEvent } from './decider.ts';
import type { EventStore, RecordedEvent } from './event-store.ts';

/** The position in the feed that a projection or publisher has reached. */
@Entity('checkpoints')
export class Checkpoint {
  @PrimaryColumn('text') name!: string;
  @Column('bigint') position = '0';
  /** Set while the projection is paused on purpose. */
  @Column('timestamptz', { name: 'paused_since', nullable: true }) pausedSince: Date | null = null;
  @Column('int') version = 0;
}

interface EventTable<
  Row extends Versioned,
  Event extends DomainEvent,
  More extends readonly unknown[],
> {
  readonly name: string;
  readonly table: EntityClass<Row>;
  /** The column that holds the key of a row. */
  readonly key: keyof Row & string;
  /** A row before its first event. */
  readonly initial: (key: string) => Row;
  readonly on: {
    readonly [Type in Event['type']]:
      | ((row: Row, event: RecordedEvent<Extract<Event, { type: Type }>>, ...more: More) => Row)
      | 'ignored';
  };
}

/**
 * Turns events into rows, one for each stream. Pure: row in, row out; the runner owns the database. The table is
 * complete by type, and an unknown type stops the projection: an outdated row is better than a wrong one.
 */
export interface Projection<Row extends Versioned, Event extends DomainEvent>
  extends EventTable<Row, Event, []> {
  /** The key of the row that an event changes. */
  readonly rowOf: (event: RecordedEvent) => string;
}

/**
 * A projection whose rows are not streams, such as totals by day: an event changes any number of rows. It also gets the
 * first event of its stream, which states what the stream is about. May count and sum, because each event counts once.
 */
export interface MultiStreamProjection<
  Row extends Versioned,
  Event extends DomainEvent,
  First extends Event = Event,
> extends EventTable<Row, Event, [first: RecordedEvent<First>]> {
  /** The keys of the rows that an event changes. */
  readonly rowsOf: (event: RecordedEvent, first: RecordedEvent<First>) => readonly string[];
}

export type AnyProjection<
  Row extends Versioned,
  Event extends DomainEvent,
  First extends Event = Event,
> = Projection<Row, Event> | MultiStreamProjection<Row, Event, First>;

/** The first event of each stream that a multi-stream projection needs, by stream. */
export type FirstEvents = ReadonlyMap<string, RecordedEvent>;

/**
 * Applies events to rows, in order.
 * @param rows the existing rows that the events change, by key. Changed in place
 * @param firsts as `readFirsts` returns them; not needed when rows are streams
 * @returns the keys of the rows that changed
 * @throws Error when an event's type has no row in the table
 */
export function applyEvents<
  Row extends Versioned,
  Event extends DomainEvent,
  First extends Event = Event,
>(
  projection: AnyProjection<Row, Event, First>,
  events: readonly RecordedEvent[],
  rows: Map<string, Row>,
  firsts: FirstEvents = new Map(),
): Set<string> {
  const changed = new Set<string>();
  for (const event of events) {
    const apply = projection.on[event.type as Event['type']];
    if (apply === 'ignored') continue;
    if (!apply) throw new Error(`${projection.name} does not know the event ${event.type}`);
    const first = firsts.get(event.stream) as RecordedEvent<First>;
    for (const key of keysOf(projection, [event], firsts)) {
      rows.set(key, apply(rows.get(key) ?? projection.initial(key), event as never, first));
      changed.add(key);
    }
  }
  return changed;
}

/** Returns the keys of the rows that these events change. */
export function keysOf<Row extends Versioned, Event extends DomainEvent, First extends Event>(
  projection: AnyProjection<Row, Event, First>,
  events: readonly RecordedEvent[],
  firsts: FirstEvents,
): string[] {
  const keys = relevant(projection, events).flatMap((event) =>
    'rowOf' in projection
      ? projection.rowOf(event)
      : projection.rowsOf(event, firsts.get(event.stream) as RecordedEvent<First>),
  );
  return [...new Set(keys)];
}

/** Reads the first events that a multi-stream projection needs to apply these events: one query. */
export async function readFirsts<
  Row extends Versioned,
  Event extends DomainEvent,
  First extends Event,
>(
  projection: AnyProjection<Row, Event, First>,
  events: readonly RecordedEvent[],
  store: EventStore,
): Promise<FirstEvents> {
  if ('rowOf' in projection) return new Map();
  const streams = new Set(relevant(projection, events).map(({ stream }) => stream));
  return streams.size > 0 ? store.readFirst([...streams]) : new Map();
}

function relevant<Row extends Versioned, Event extends DomainEvent, First extends Event>(
  { on }: AnyProjection<Row, Event, First>,
  events: readonly RecordedEvent[],
): readonly RecordedEvent[] {
  return events.filter(({ type }) => typeof on[type as Event['type']] === 'function');
}

const BATCH = 500;
const RETRIES = 4;

/** Options of a projection run. */
export interface ProjectOptions {
  /** The lease of the only instance that projects; every batch checks that it still holds. */
  readonly lease?: Lease;
  /** Applies only events older than this, to delay a projection on purpose. */
  readonly until?: Date;
}

/**
 * Applies the next batch of events; rows and checkpoint commit together, so that each event counts once, even after a
 * crash.
 * @returns whether there were events
 * @throws LeaseLostError when another instance has taken over
 */
export async function runBatch<
  Row extends Versioned,
  Event extends DomainEvent,
  First extends Event,
>(
  projection: AnyProjection<Row, Event, First>,
  store: EventStore,
  units: UnitOfWorkRunner,
  options: ProjectOptions = {},
): Promise<boolean> {
  for (let retry = 0; ; retry++) {
    try {
      return await runOnce(projection, store, units, options);
    } catch (error) {
      // The projection was paused or rebuilt since the checkpoint was read.
      if (!(error instanceof ConcurrencyError) || retry === RETRIES) throw error;
    }
  }
}

/** Reads first: the transaction begins when there is something to write. */
async function runOnce<Row extends Versioned, Event extends DomainEvent, First extends Event>(
  projection: AnyProjection<Row, Event, First>,
  store: EventStore,
  units: UnitOfWorkRunner,
  { lease, until }: ProjectOptions,
): Promise<boolean> {
  const { name, table, key } = projection;
  const checkpoint = (await units.load(Checkpoint, name)) ?? checkpointOf(name);
  const isPaused = checkpoint.pausedSince !== null;
  const limit = isPaused ? 1 : BATCH;
  const { events, position } = await store.readAll(checkpoint.position, limit, until);
  const isAtEnd = events.length === 0 || (events.length < limit && !until);
  const end = isAtEnd ? position : await store.lastPosition();
  reportLag(name, checkpoint.position, end); // also when there is nothing to apply
  if (isPaused || events.length === 0) return false;
  const firsts = await readFirsts(projection, events, store);

  await units.run(
    async (uow) => {
      if (lease) await uow.assertHeld(lease);
      const stored = await uow.lock(table, keysOf(projection, events, firsts));
      const rows = new Map(stored.map((row) => [String(row[key]), row]));
      const changed = applyEvents(projection, events, rows, firsts);
      await uow.saveAll(
        table,
        [...changed].map((each) => rows.get(each)!),
      );
      // At the version that was read: of two instances with the same page, one commits.
      await uow.save(Checkpoint, Object.assign(checkpoint, { position }));
    },
    { retries: 0 },
  );
  reportLag(name, position, end);
  return true;
}

function reportLag(subscription: string, position: string, end: string): void {
  metrics.subscriptionLagEvents.set({ subscription }, Number(BigInt(end) - BigInt(position)));
}

/**
 * Pauses a projection, or resumes it at its checkpoint. While paused, its rows can be read and do not change; a reader
 * that waits for newer rows waits until its own time limit.
 * @returns since when the projection is paused
 */
export async function pause(
  name: string,
  isPaused: boolean,
  units: UnitOfWorkRunner,
  notifier: Notifier,
): Promise<Date | null> {
  return units.run(async (uow) => {
    const [stored] = await uow.lock(Checkpoint, [name]);
    const checkpoint = stored ?? checkpointOf(name);
    if ((checkpoint.pausedSince !== null) === isPaused) return checkpoint.pausedSince;
    checkpoint.pausedSince = isPaused ? uow.now() : null;
    await uow.save(Checkpoint, checkpoint);
    uow.afterCommit(() => notifier.notify('feed'));
    return checkpoint.pausedSince;
  });
}

function checkpointOf(name: string): Checkpoint {
  return Object.assign(new Checkpoint(), { name });
}
