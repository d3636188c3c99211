import type { Clock, Ids } from '@fieldguide/clock';
import type { UnitOfWork } from '@fieldguide/database';
import type { Lease } from '@fieldguide/workers';
import {
  type AppendRequest,
  EventStore,
  type ReadOptions,
  type RecordedEvent,
  type Snapshot,
  WrongExpectedVersionError,
} from './event-store.ts';
import { Formats, type Upcasters } from './formats.ts';

/** An event store with the same guarantees as on PostgreSQL, for unit tests and simulation. */
export class MemoryEventStore extends EventStore {
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #log: RecordedEvent[];
  readonly #formats: Formats;
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #checkpoints = new Map<string, string>();
  readonly #staged = new WeakMap<UnitOfWork, RecordedEvent[]>();

  /** @param log the events of another store, perhaps of an older version */
  constructor(clock: Clock, ids: Ids, upcasters: Upcasters = {}, log: RecordedEvent[] = []) {
    super();
    this.#formats = new Formats(upcasters);
    this.#log = log;
    this.#clock = clock;
    this.#ids = ids;
  }

  protected override async record(request: AppendRequest, tx?: UnitOfWork) {
    const { stream, expected, events, actor } = request;
    const before = this.#visible(stream, tx);
    const first = before.findIndex(({ id }) => id === events[0]?.id);
    if (first >= 0 && events.every(({ id }, i) => id === before[first + i]?.id))
      return { version: first + events.length, events: [] };
    const fits =
      expected === 'any' ||
      (expected === 'mustExist' ? before.length > 0 : expected === before.length);
    const isTaken = events.some(
      ({ id }) => id !== undefined && this.#log.some((each) => each.id === id),
    );
    if (!fits || isTaken) throw new WrongExpectedVersionError(stream, expected);

    const correlationId = tx?.causation?.correlationid ?? this.#ids.next();
    const fresh = events.map(({ id, type, data }, i) => ({
      id: id ?? this.#ids.next(),
      stream,
      version: before.length + i + 1,
      type: this.#formats.stored(type),
      data,
      time: this.#clock.now(),
      correlationId,
      ...(tx?.causation && { causationId: tx.causation.id }),
      ...(actor && { actor }),
    }));
    if (tx) this.#stage(tx, fresh);
    else this.#log.push(...fresh);
    const recorded = fresh.map((event, i) => ({ ...event, type: events[i]!.type }));
    return { version: before.length + fresh.length, events: recorded };
  }

  override async read(
    stream: string,
    { from, limit, backward, tx }: ReadOptions = {},
  ): Promise<readonly RecordedEvent[]> {
    const all = this.#visible(stream, tx);
    const inOrder = backward ? all.toReversed() : all;
    const isWanted = ({ version }: RecordedEvent) =>
      from === undefined || (backward ? version <= from : version >= from);
    const wanted = inOrder.filter(isWanted).slice(0, limit);
    return wanted.map((event) => this.#formats.upcast(event));
  }

  override async loadFromSnapshot(stream: string, format: number, tx?: UnitOfWork) {
    const kept = this.#snapshots.get(stream);
    const snapshot = kept?.format === format ? kept : undefined;
    const events = await this.read(stream, {
      from: snapshot?.version ?? 1,
      ...(tx && { tx }),
    });
    return { events, ...(snapshot && { snapshot: structuredClone(snapshot) }) };
  }

  override async saveSnapshot(snapshot: Snapshot, tx?: UnitOfWork): Promise<void> {
    const state = JSON.parse(JSON.stringify(snapshot.state)); // as a database would return it
    const put = () => {
      const { version = 0, format } = this.#snapshots.get(snapshot.stream) ?? {};
      if (format !== snapshot.format || version < snapshot.version)
        this.#snapshots.set(snapshot.stream, { ...snapshot, state });
    };
    if (tx) tx.afterCommit(put);
    else put();
  }

  override async readAll(after: string, limit: number, until?: Date) {
    const next = this.#log.slice(Number(after), Number(after) + limit);
    const tooNew = until ? next.findIndex(({ time }) => time > until) : -1;
    const seen = tooNew === -1 ? next : next.slice(0, tooNew);
    const events = seen.map((event) => this.#formats.upcast(event));
    return { events, position: String(Number(after) + events.length) };
  }

  override async readFirst(streams: readonly string[]) {
    const firsts = await Promise.all(streams.map((each) => this.read(each, { limit: 1 })));
    return new Map(firsts.flat().map((event) => [event.stream, event]));
  }

  override async readSubscription(name: string, limit: number) {
    const { events, position } = await this.readAll(this.#checkpoints.get(name) ?? '0', limit);
    const firstOf = ({ stream }: RecordedEvent) =>
      this.#formats.upcast(this.#log.find((each) => each.stream === stream)!);
    const subscribed = events.map((event) => ({ event, first: firstOf(event) }));
    return { events: subscribed, position: events.length > 0 ? position : undefined };
  }

  /** There is one instance in memory: it holds every lease. */
  override async advanceSubscription(name: string, position: string, _?: Lease, limit = 0) {
    this.#checkpoints.set(name, position);
    return this.readSubscription(name, limit);
  }

  override async lastPosition(): Promise<string> {
    return String(this.#log.length);
  }

  #visible(stream: string, tx?: UnitOfWork): RecordedEvent[] {
    const visible = [...this.#log, ...((tx && this.#staged.get(tx)) ?? [])];
    return visible.filter((event) => event.stream === stream);
  }

  #stage(tx: UnitOfWork, events: RecordedEvent[]): void {
    const staged = this.#staged.get(tx);
    if (staged) {
      staged.push(...events);
      return;
    }
    this.#staged.set(tx, events);
    tx.beforeCommit(async () => {
      for (const event of events) {
        // An append outside this unit of work may have changed the stream since the check.
        const version = this.#visible(event.stream).length + 1;
        if (event.version !== version)
          throw new WrongExpectedVersionError(event.stream, event.version - 1);
        this.#log.push(event);
      }
    });
  }
}
