import type { Clock, Ids } from '@fieldguide/clock';
import { type Database, type UnitOfWork } from '@fieldguide/database';
import { type DedicatedConnection, PostgresUnitOfWork } from '@fieldguide/database/parts';
import { inSpan, traceInto } from '@fieldguide/telemetry';
import { type Lease, LeaseLostError, type Notifier } from '@fieldguide/workers';
import {
  type AppendRequest,
  EventStore,
  type ReadOptions,
  type RecordedEvent,
  type Snapshot,
  type SubscriptionPage,
  WrongExpectedVersionError,
} from './event-store.ts';
import { Formats, type Upcasters } from './formats.ts';
import { GroupCommit, UNIQUE } from './group-commit.ts';
import { LockWaitMonitor } from './lock-wait-monitor.ts';
import {
  COLUMN_COUNT,
  type FeedColumns,
  LIMIT,
  type Metadata,
  type ReadColumns,
  reads,
} from './read-statements.ts';
import { type AppendValues, appendIn, valuesFor } from './statements.ts';
import { UnitAppends } from './unit-appends.ts';

/**
 * One counter row assigns the positions, and stays locked until the commit. So commit order is feed order, the feed skips
 * no event, and a rollback leaves no gap. It is the last lock of every transaction that appends; the pool's time limits
 * bound how long a stuck transaction can hold it.
 */
const number = `
  UPDATE feed_end SET position = position + $1::int WHERE only_row RETURNING position - $1::int AS before`;

export interface EventStoreOptions {
  readonly upcasters?: Upcasters;
  /** Called when an append waits for another transaction, with a text that identifies it. */
  readonly report?: (text: string) => void;
}

/** The event store on PostgreSQL: plain SQL on the hot path, behind TypeORM's connections. */
export class PostgresEventStore extends EventStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #notifier: Notifier;
  readonly #group: GroupCommit;
  readonly #lockWaits: LockWaitMonitor;
  readonly #reader: DedicatedConnection;
  readonly #feed: DedicatedConnection;
  readonly #formats: Formats;
  readonly #units = new WeakMap<UnitOfWork, UnitAppends>();
  readonly #unnumbered = new WeakMap<UnitOfWork, { stream: string; version: number }[]>();

  constructor(
    database: Database,
    clock: Clock,
    ids: Ids,
    notifier: Notifier,
    { upcasters, report = () => undefined }: EventStoreOptions = {},
  ) {
    super();
    this.#formats = new Formats(upcasters);
    this.#database = database;
    this.#clock = clock;
    this.#ids = ids;
    this.#notifier = notifier;
    this.#group = new GroupCommit(database);
    this.#lockWaits = new LockWaitMonitor(database, report);
    this.#reader = database.dedicatedConnection('read', { pipeline: true });
    this.#feed = database.dedicatedConnection('feed', { pipeline: true }); // a long page must not delay the reads
  }

  /** Closes its own connections, not the database's pool. */
  override async close(): Promise<void> {
    await Promise.all([this.#group.close(), this.#reader.close(), this.#feed.close()]);
  }

  protected override record(request: AppendRequest, tx?: UnitOfWork) {
    const { stream, events } = request;
    const attributes = { 'event_store.stream': stream, 'event_store.events': events.length };
    return inSpan({ kind: 'work', name: 'append events', attributes }, async () => {
      const [time, metadata] = [this.#clock.now(), this.#metadata(request, tx)];
      const values = this.#values(request, time, metadata);
      const recordedFrom = (first: number) =>
        events.map(({ type, data }, at) => {
          const { id } = values.events[at]!;
          return { id, stream, version: first + at, type, data, time, ...metadata };
        });
      if (tx && typeof request.expected === 'number' && events.every(({ id }) => !id)) {
        const recorded = recordedFrom(request.expected + 1);
        return { version: this.#appendAtCommit(request, values, recorded, tx), events: recorded };
      }
      const version = tx
        ? await this.#appendIn(request, values, tx as PostgresUnitOfWork)
        : await this.#appendAlone(request, values);
      return { version, events: recordedFrom(version - events.length + 1) };
    });
  }

  /** The usual case: the expected version alone decides, so that the append can wait for the other writes. */
  #appendAtCommit(
    request: AppendRequest,
    values: AppendValues,
    recorded: readonly RecordedEvent[],
    tx: UnitOfWork,
  ): number {
    const unit = this.#unit(tx);
    const isFirst = !unit.hasAppends;
    const version = unit.add(request, request.expected as number, values, recorded);
    if (isFirst) {
      tx.atCommit(() => this.#lockWaits.watch(unit.write()));
      tx.notify('feed');
    }
    return version;
  }

  #unit(tx: UnitOfWork): UnitAppends {
    const unit = this.#units.get(tx) ?? new UnitAppends(tx as PostgresUnitOfWork);
    this.#units.set(tx, unit);
    return unit;
  }

  async #appendAlone(request: AppendRequest, values: AppendValues): Promise<number> {
    const version = await this.#lockWaits.watch(this.#group.append(values));
    if (version === undefined) return this.#versionOfRepeat(request, this.#database);
    this.#notifier.notify('feed');
    return version;
  }

  async #appendIn(
    request: AppendRequest,
    values: AppendValues,
    tx: PostgresUnitOfWork,
  ): Promise<number> {
    // Where no version detects a repeat, look for it first: a failed statement aborts the transaction.
    const repeat = typeof request.expected === 'number' ? undefined : await repeatOf(request, tx);
    if (repeat !== undefined) return repeat;
    const [done] = await tx
      .query<{ version: number }>(appendIn(request.expected), valuesFor(values))
      .catch((error: { code?: string }) => {
        throw error.code === UNIQUE
          ? new WrongExpectedVersionError(request.stream, request.expected)
          : error;
      });
    if (!done) return this.#versionOfRepeat(request, tx);
    this.#unit(tx).forget(request.stream);

    const first = done.version - request.events.length + 1;
    const appended = request.events.map((_, i) => ({ stream: request.stream, version: first + i }));
    const unnumbered = this.#unnumbered.get(tx);
    if (unnumbered) unnumbered.push(...appended);
    else {
      this.#unnumbered.set(tx, appended);
      tx.beforeCommit(() => this.#lockWaits.watch(this.#writeFeed(tx)));
      tx.notify('feed');
    }
    return done.version;
  }

  async #writeFeed(tx: PostgresUnitOfWork): Promise<void> {
    const appended = this.#unnumbered.get(tx) ?? [];
    const streams = appended.map(({ stream }) => stream);
    const versions = appended.map(({ version }) => version);
    await tx.query(
      `WITH ended AS (${number})
       INSERT INTO feed (position, stream, version)
       SELECT ended.before + e.nth, e.stream, e.version
       FROM ended, unnest($2::text[], $3::int[]) WITH ORDINALITY AS e (stream, version, nth)`,
      [appended.length, streams, versions],
    );
  }

  override async read(
    stream: string,
    { from, limit = LIMIT, backward = false, tx }: ReadOptions = {},
  ): Promise<readonly RecordedEvent[]> {
    const isAll = from === undefined && limit === LIMIT && !backward;
    const statement = isAll ? reads.all : backward ? reads.backward : reads.forward;
    const values = isAll ? [stream] : [stream, from ?? (backward ? LIMIT : 0), limit];
    if (!tx) {
      const rows = await this.#reader.query<ReadColumns>({ ...statement, values });
      return rows.map((row) => this.#formats.upcast(ofStream(stream, row)));
    }
    const unit = this.#unit(tx);
    if (unit.knows(stream)) return this.#readIn(tx, stream, { from, limit, backward });
    const rows = await (tx as PostgresUnitOfWork).query<object>(statement.text, values);
    return rows.map((row) => this.#recorded(stream, row));
  }

  override async prefetch(streams: readonly string[], tx: UnitOfWork): Promise<void> {
    const unit = this.#unit(tx);
    const unread = unit.unread(streams);
    if (unread.length === 0) return;
    const rows = await (tx as PostgresUnitOfWork).query<{ stream: string }>(reads.many, [unread]);
    const byStream = Map.groupBy(rows, ({ stream }) => stream);
    for (const stream of unread) {
      const events = byStream.get(stream) ?? [];
      unit.keep(
        stream,
        events.map(({ stream: _, ...row }) => this.#recorded(stream, row)),
      );
    }
  }

  #recorded(stream: string, row: object): RecordedEvent {
    return this.#formats.upcast(ofStream(stream, Object.values(row) as unknown as ReadColumns));
  }

  /** A part of a stream that the unit of work has read or appended to. */
  async #readIn(
    tx: UnitOfWork,
    stream: string,
    { from, limit, backward }: { from: number | undefined; limit: number; backward: boolean },
  ): Promise<readonly RecordedEvent[]> {
    await this.prefetch([stream], tx);
    const all = this.#unit(tx).stream(stream)!;
    if (!backward) return all.filter(({ version }) => version >= (from ?? 0)).slice(0, limit);
    return all
      .filter(({ version }) => version <= (from ?? LIMIT))
      .toReversed()
      .slice(0, limit);
  }

  override async loadFromSnapshot(stream: string, format: number, tx?: UnitOfWork) {
    const values = [stream, format];
    const rows = tx
      ? await (tx as PostgresUnitOfWork).query<object>(reads.on.text, values)
      : await this.#reader.query<ReadColumns>({ ...reads.on, values });
    const appended = tx ? this.#unit(tx).appended(stream) : [];
    const [first, ...others] = rows.map((row) => Object.values(row) as unknown as ReadColumns);
    if (!first) return { events: appended };
    const recorded = (row: ReadColumns) => this.#formats.upcast(ofStream(stream, row));
    if (first[0] !== null) return { events: [...[first, ...others].map(recorded), ...appended] };
    const [, version, , state] = first;
    const events = [...others.map(recorded), ...appended];
    return { snapshot: { stream, version, format, state }, events };
  }

  override async saveSnapshot(
    { stream, version, format, state }: Snapshot,
    tx?: UnitOfWork,
  ): Promise<void> {
    await ((tx as PostgresUnitOfWork | undefined) ?? this.#database).query(
      `INSERT INTO snapshots AS s (stream, version, format, state) VALUES ($1, $2, $3, $4)
       ON CONFLICT (stream) DO UPDATE SET version = $2, format = $3, state = $4
       WHERE s.format <> $3 OR s.version < $2`,
      [stream, version, format, JSON.stringify(state)],
    );
  }

  override async readAll(after: string, limit: number, until?: Date) {
    const found = await this.#feed.query<FeedColumns>({ ...reads.feed, values: [after, limit] });
    const events = found.map(([, stream, ...row]) => this.#formats.upcast(ofStream(stream, row)));
    // Cut at the first event that is too new, not filtered: the feed must not skip.
    const tooNew = until ? events.findIndex(({ time }) => time > until) : -1;
    const count = tooNew === -1 ? events.length : tooNew;
    return { events: events.slice(0, count), position: found[count - 1]?.[0] ?? after };
  }

  override async readFirst(streams: readonly string[]) {
    const found = await this.#feed.query<[stream: string, ...ReadColumns]>({
      ...reads.first,
      values: [streams],
    });
    return new Map(
      found.map(([stream, ...row]) => [stream, this.#formats.upcast(ofStream(stream, row))]),
    );
  }

  override async readSubscription(name: string, limit: number) {
    const values = [name, limit];
    return this.#subscribed(await this.#feed.query<FeedColumns>({ ...reads.subscription, values }));
  }

  override async advanceSubscription(name: string, position: string, lease: Lease, limit = 0) {
    const values = [name, limit, position, lease.name, lease.epoch];
    const found = await this.#feed.query<FeedColumns>({ ...reads.advance, values });
    if (found.length === 0) throw new LeaseLostError(lease.name);
    return this.#subscribed(found.filter(([at]) => at !== null));
  }

  #subscribed(found: readonly FeedColumns[]): SubscriptionPage {
    const recorded = (stream: string, row: readonly unknown[]) =>
      this.#formats.upcast(ofStream(stream, row as unknown as ReadColumns));
    const events = found.map(([, stream, ...both]) => {
      const event = recorded(stream, both);
      const first = both.slice(COLUMN_COUNT);
      return { event, first: first[0] === null ? event : recorded(stream, first) };
    });
    return { events, position: found.at(-1)?.[0] };
  }

  override async lastPosition(): Promise<string> {
    // Not from the pool: a projection queries inside its transaction, and the pool's connections may all wait for its locks.
    const [row] = await this.#feed.query<[position: string]>({ ...reads.end, values: [] });
    return row![0];
  }

  #values({ stream, expected, events }: AppendRequest, time: Date, metadata: Metadata) {
    const named = events.map(({ id, type, data }) => ({
      id: id ?? this.#ids.next(),
      type: this.#formats.stored(type),
      data: JSON.stringify(data),
    }));
    return { stream, expected, events: named, metadata: JSON.stringify(metadata), time };
  }

  #metadata({ actor }: AppendRequest, tx: UnitOfWork | undefined): Metadata {
    const correlationId = tx?.causation?.correlationid ?? this.#ids.next();
    const causation = tx?.causation && { causationId: tx.causation.id };
    return traceInto({ correlationId, ...causation, ...(actor && { actor }) });
  }

  /** @throws WrongExpectedVersionError when it is none */
  async #versionOfRepeat(request: AppendRequest, database: Queryable): Promise<number> {
    const version = await repeatOf(request, database);
    if (version === undefined)
      throw new WrongExpectedVersionError(request.stream, request.expected);
    return version;
  }
}

type Queryable = Pick<Database, 'query'>;

/** @returns the version of the last of these events, when the stream has them already and in this order */
async function repeatOf(
  { stream, events }: AppendRequest,
  database: Queryable,
): Promise<number | undefined> {
  const ids = events.flatMap(({ id }) => id ?? []);
  if (ids.length === 0 || ids.length < events.length) return undefined;
  const sql = 'SELECT id, version FROM events WHERE stream = $1 AND id = ANY($2) ORDER BY version';
  const there = await database.query<{ id: string; version: number }>(sql, [stream, ids]);
  const last = there.at(-1)?.version ?? 0;
  const isRepeat = ids.every(
    (id, at) => there[at]?.id === id && there[at]?.version === last - ids.length + at + 1,
  );
  return isRepeat ? last : undefined;
}

function ofStream(
  stream: string,
  [id, version, type, data, metadata, ms]: ReadColumns,
): RecordedEvent {
  return { id, stream, version, type, data, time: new Date(ms), ...metadata };
}
