import type { EntityClass, Versioned } from '@fieldguide/database';
import type { DomainEvent } from './decider.ts';
import type { EventStore, RecordedEvent } from './event-store.ts';

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
