import { ConcurrencyError, type UnitOfWork } from '@fieldguide/database';
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

/** The result of a command. */
export interface LoadedStream<State, Event extends DomainEvent> {
  readonly events: readonly Event[];
  readonly state: State;
  readonly version: number;
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
  abstract append(request: AppendRequest, tx?: UnitOfWork): Promise<number>;

  /** Reads the whole stream, oldest first, unless the options limit it. */
  abstract read(stream: string, options?: ReadOptions): Promise<readonly RecordedEvent[]>;

  /** Reads the latest snapshot of this format, if there is one, and the events after it. */
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

  /** Returns the position of the last event. */
  abstract lastPosition(): Promise<string>;

  /** Closes the connections that are not part of the database's pool. */
  async close(): Promise<void> {}

  /**
   * Reads the stream, decides, and appends the new events: the whole write side in one call.
   * @returns the appended events (maybe none), and the state and version of the stream afterwards
   */
  async handle<State, Command extends DomainCommand, Event extends DomainEvent>(
    decider: Decider<State, Command, Event>,
    id: string,
    command: Command,
    options: { readonly actor?: string; readonly tx?: UnitOfWork } = {},
  ): Promise<LoadedStream<State, Event>> {
    const stream = `${decider.name}-${id}`;
    const { actor, tx } = options;
    const { state: before, version: from, kept } = await this.#load(decider, stream, tx);
    const events = decide(decider, command, before);
    if (events.length === 0) return { events, state: before, version: from };
    const request = { stream, expected: from, events, ...(actor && { actor }) };
    const version = await this.append(request, tx);
    const state = replay(decider, events, before);
    const { snapshots } = decider;
    if (snapshots && version - kept >= snapshots.every) {
      const keeping = this.saveSnapshot({ stream, version, format: snapshots.format, state }, tx);
      // Outside a unit of work the events are committed already: a lost snapshot only makes the next read longer.
      await (tx ? keeping : keeping.catch(() => undefined));
    }
    return { events, state, version };
  }

  /** @returns the state, its version, and the version of the snapshot that it starts from (0: none) */
  async #load<State, Command extends DomainCommand, Event extends DomainEvent>(
    decider: Decider<State, Command, Event>,
    stream: string,
    tx: UnitOfWork | undefined,
  ): Promise<{ state: State; version: number; kept: number }> {
    const { snapshots } = decider;
    const { snapshot, events }: Awaited<ReturnType<EventStore['loadFromSnapshot']>> = snapshots
      ? await this.loadFromSnapshot(stream, snapshots.format, tx)
      : { events: await this.read(stream, tx ? { tx } : {}) };
    const kept = snapshot?.version ?? 0;
    const history = events as readonly DomainEvent[] as readonly Event[];
    const state = replay(decider, history, (snapshot?.state ?? decider.initial) as State);
    return { state, version: kept + events.length, kept };
  }
}
