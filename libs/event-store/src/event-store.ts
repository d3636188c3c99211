import { ConcurrencyError, type UnitOfWork } from '@fieldguide/database';
import { type Lease } from '@fieldguide/workers';
import { type Decider, type DomainCommand, type DomainEvent, decide, replay } from './decider.ts';

/** An event as it is stored in the log. */
export interface RecordedEvent<Event extends DomainEvent = DomainEvent> {
  readonly id: string;
  readonly stream: string;
  /** 1, 2, 3 … within the stream. */
  readonly version: number;
  readonly type: Event['type'];
  readonly data: Event['data'];
  readonly time: Date;
  readonly correlationId: string;
  readonly causationId?: string;
  /** The account that sent the command; undefined for events that follow from a message. */
  readonly actor?: string;
  readonly traceparent?: string;
}

/** A number is the version the stream must have (0: it must not exist). */
export type ExpectedVersion = number | 'mustExist' | 'any';

export interface AppendRequest {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: readonly (DomainEvent & { readonly id?: string })[];
  readonly actor?: string;
}

export interface ReadOptions {
  /** The first version to read; with `backward`, the last one. */
  readonly from?: number;
  readonly limit?: number;
  /** Newest first. */
  readonly backward?: boolean;
  /** Includes the events that this unit of work has appended. */
  readonly tx?: UnitOfWork;
}

/** The state of a stream as of a version, as JSON. */
export interface Snapshot {
  readonly stream: string;
  readonly version: number;
  readonly format: number;
  readonly state: unknown;
}

/** A stream as it was read once: enough to decide, to append at its version, and to continue its causation. */
export interface LoadedStream<State, Event extends DomainEvent> {
  /** The aggregate's id: `7` of the stream `card-7`. */
  readonly id: string;
  readonly state: State;
  readonly version: number;
  /** All events, or those from the version of the snapshot on. Empty only when there is no such stream. */
  readonly events: readonly RecordedEvent<Event>[];
  /** 0: it was read without a snapshot. */
  readonly snapshotVersion: number;
}

/** The stream after a command. */
export interface CommandResult<State, Event extends DomainEvent>
  extends LoadedStream<State, Event> {
  /** The last of `events`: what the command has added, maybe nothing. */
  readonly appended: readonly RecordedEvent<Event>[];
}

/** Options of a command. */
export interface CommandOptions {
  /** The account that sent the command. */
  readonly actor?: string;
  /** Without a unit of work the events commit by themselves. */
  readonly tx?: UnitOfWork;
}

/** An event with the first one of its stream, which states what the stream is about. */
export interface SubscribedEvent {
  readonly event: RecordedEvent;
  readonly first: RecordedEvent;
}

/** Events after a checkpoint, with the position of the last one; it is undefined when there are none. */
export interface SubscriptionPage {
  readonly events: readonly SubscribedEvent[];
  readonly position: string | undefined;
}

/** The stream is not at the expected version: it has changed since it was read. */
export class WrongExpectedVersionError extends ConcurrencyError {
  override name = 'WrongExpectedVersionError';

  constructor(stream: string, expected: ExpectedVersion) {
    super(`The stream ${stream} is not at the expected version (${expected})`);
  }
}

/**
 * An append-only log of streams, and a feed of all of them in commit order without gaps.
 * `append(request)` commits by itself, together with concurrent appends; `append(request, tx)` is part of a unit of
 * work.
 */
export abstract class EventStore {
  /**
   * Events whose ids the stream already has, in this order, are not appended again, even when other events follow them.
   * @returns the version of the last of them
   * @throws WrongExpectedVersionError
   * @throws EventStoreOverloadedError when too many appends wait already
   * @throws AppendOutcomeUnknownError when the connection was lost: retry with the same ids
   */
  async append(request: AppendRequest, tx?: UnitOfWork): Promise<number> {
    return (await this.record(request, tx)).version;
  }

  /** Appends, as `append` does. @returns the version, and the events as recorded; they count only when it was no repeat */
  protected abstract record(
    request: AppendRequest,
    tx?: UnitOfWork,
  ): Promise<{ readonly version: number; readonly events: readonly RecordedEvent[] }>;

  /** Reads the whole stream, oldest first, unless the options limit it. */
  abstract read(stream: string, options?: ReadOptions): Promise<readonly RecordedEvent[]>;

  /** Reads the latest snapshot of this format, if there is one, and the events from its version on. */
  abstract loadFromSnapshot(
    stream: string,
    format: number,
    tx?: UnitOfWork,
  ): Promise<{ readonly snapshot?: Snapshot; readonly events: readonly RecordedEvent[] }>;

  /** Replaces an older snapshot; a newer one stays. */
  abstract saveSnapshot(snapshot: Snapshot, tx?: UnitOfWork): Promise<void>;

  /**
   * Reads what was committed after `position`, oldest first, up to the first event that is newer than `until`. Returns
   * the position for the next call, too.
   */
  abstract readAll(
    after: string,
    limit: number,
    until?: Date,
  ): Promise<{ readonly events: readonly RecordedEvent[]; readonly position: string }>;

  /** Reads the first event of each of these streams that exists, by stream: one query. */
  abstract readFirst(streams: readonly string[]): Promise<ReadonlyMap<string, RecordedEvent>>;

  /**
   * Reads what was committed after the checkpoint of a subscription, oldest first, each event with the first one of its
   * stream: one query for the page. Returns the position of the last one for `advanceSubscription`, too.
   */
  abstract readSubscription(name: string, limit: number): Promise<SubscriptionPage>;

  /**
   * Moves the checkpoint of a subscription, and reads what was committed after it with the same statement.
   * @param limit 0 when the next page is not needed
   * @throws LeaseLostError when another instance holds the lease now; the checkpoint stays
   */
  abstract advanceSubscription(
    name: string,
    position: string,
    lease: Lease,
    limit?: number,
  ): Promise<SubscriptionPage>;

  /** Returns the position of the last event. */
  abstract lastPosition(): Promise<string>;

  /** Closes the connections that are not part of the database's pool. */
  async close(): Promise<void> {}

  /** Reads a stream and replays it. Includes the events that `tx` has appended. */
  async load<State, Command extends DomainCommand, Event extends DomainEvent>(
    decider: Decider<State, Command, Event>,
    id: string,
    tx?: UnitOfWork,
  ): Promise<LoadedStream<State, Event>> {
    const { name, initial, snapshots } = decider;
    const stream = `${name}-${id}`;
    const { snapshot, events }: Awaited<ReturnType<EventStore['loadFromSnapshot']>> = snapshots
      ? await this.loadFromSnapshot(stream, snapshots.format, tx)
      : { events: await this.read(stream, tx ? { tx } : {}) };
    const snapshotVersion = snapshot?.version ?? 0;
    const later = events.filter(({ version }) => version > snapshotVersion);
    return {
      id,
      state: replay(decider, later as never, (snapshot?.state ?? initial) as State),
      version: events.at(-1)?.version ?? 0,
      events: events as readonly RecordedEvent<Event>[],
      snapshotVersion,
    };
  }

  /**
   * Decides on what was loaded and appends at that version, without reading again.
   * @throws WrongExpectedVersionError when the stream has changed since it was loaded
   */
  async execute<State, Command extends DomainCommand, Event extends DomainEvent>(
    decider: Decider<State, Command, Event>,
    loaded: LoadedStream<State, Event>,
    command: Command,
    { actor, tx }: CommandOptions = {},
  ): Promise<CommandResult<State, Event>> {
    const events = decide(decider, command, loaded.state);
    if (events.length === 0) return { ...loaded, appended: [] };
    const stream = `${decider.name}-${loaded.id}`;
    const request = { stream, expected: loaded.version, events, ...(actor && { actor }) };
    const recorded = await this.record(request, tx);
    const appended = recorded.events as readonly RecordedEvent<Event>[];
    const after = {
      ...loaded,
      state: replay(decider, events, loaded.state),
      version: recorded.version,
      events: [...loaded.events, ...appended],
      appended,
    };
    return { ...after, snapshotVersion: await this.#takeSnapshot(decider, after, tx) };
  }

  /** Loads the stream and executes the command: the whole write side in one call. */
  async handle<State, Command extends DomainCommand, Event extends DomainEvent>(
    decider: Decider<State, Command, Event>,
    id: string,
    command: Command,
    options: CommandOptions = {},
  ): Promise<CommandResult<State, Event>> {
    const loaded = await this.load(decider, id, options.tx);
    return this.execute(decider, loaded, command, options);
  }

  /** @returns the version of the latest snapshot */
  async #takeSnapshot<State, Command extends DomainCommand, Event extends DomainEvent>(
    { name, snapshots }: Decider<State, Command, Event>,
    { id, version, state, snapshotVersion }: LoadedStream<State, Event>,
    tx: UnitOfWork | undefined,
  ): Promise<number> {
    if (!snapshots || version - snapshotVersion < snapshots.every) return snapshotVersion;
    const snapshot = { stream: `${name}-${id}`, version, format: snapshots.format, state };
    const saving = this.saveSnapshot(snapshot, tx);
    // Outside a unit of work the events are committed already: a lost snapshot only makes the next read longer.
    await (tx ? saving : saving.catch(() => undefined));
    return version;
  }
}
