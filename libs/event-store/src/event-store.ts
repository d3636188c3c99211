import { ConcurrencyError, type UnitOfWork } from '@fieldguide/database';
import { type Decider, type DomainCommand, type DomainEvent, decide, replay } from './decider.ts';

/** An event as it lies in the log. */
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
  /** Who asked for it: an account id, or nobody for what follows from a message. */
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
  /** The first version to be read; backward: the last one. */
  readonly from?: number;
  readonly limit?: number;
  /** The newest first. */
  readonly backward?: boolean;
  /** Also what this unit of work has appended. */
  readonly tx?: UnitOfWork;
}

/** The state of a stream as of a version, as JSON tells it. */
export interface Snapshot {
  readonly stream: string;
  readonly version: number;
  readonly format: number;
  readonly state: unknown;
}

/** What a command came to. */
export interface LoadedStream<State, Event extends DomainEvent> {
  readonly events: readonly Event[];
  readonly state: State;
  readonly version: number;
}

/** The stream is not at the expected version: somebody else appended since it was read. */
export class WrongExpectedVersionError extends ConcurrencyError {
  override name = 'WrongExpectedVersionError';

  constructor(stream: string, expected: ExpectedVersion) {
    super(`The stream ${stream} is not at the expected version (${expected})`);
  }
}

/**
 * An append-only log of streams, and a feed of all of them in commit order without gaps.
 * `append(request)` commits by itself, together with others that are asked for at the same time; `append(request, tx)`
 * is part of a unit of work.
 */
export abstract class EventStore {
  /**
   * Events whose ids the stream already has, in this order, are not appended again, whatever came after them.
   * @returns the version of the last of them
   * @throws WrongExpectedVersionError
   * @throws EventStoreOverloadedError when too many wait already
   * @throws AppendOutcomeUnknownError when the connection was lost and nobody can tell; ask again with the same ids
   */
  abstract append(request: AppendRequest, tx?: UnitOfWork): Promise<number>;

  /** Oldest first, all of them, unless the options say otherwise. */
  abstract read(stream: string, options?: ReadOptions): Promise<readonly RecordedEvent[]>;

  /** The latest snapshot of this format, if there is one, and what came after it. */
  abstract loadFromSnapshot(
    stream: string,
    format: number,
    tx?: UnitOfWork,
  ): Promise<{ readonly snapshot?: Snapshot; readonly events: readonly RecordedEvent[] }>;

  /** Takes the place of an older one; a newer one stays. */
  abstract saveSnapshot(snapshot: Snapshot, tx?: UnitOfWork): Promise<void>;

  /**
   * What was committed after `position`, oldest first, up to the first event that is newer than `until`; the next
   * position to ask with comes along.
   */
  abstract readAll(
    after: string,
    limit: number,
    until?: Date,
  ): Promise<{ readonly events: readonly RecordedEvent[]; readonly position: string }>;

  /** The position of the last event. */
  abstract lastPosition(): Promise<string>;

  /** Gives back what it holds beside the database's pool. */
  async close(): Promise<void> {}

  /**
   * Read the stream, decide, append what was decided: the whole write side in one call.
   * @returns what was appended (maybe nothing), and the state and version of the stream afterwards
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
      // Alone, the events are there already: without the snapshot the next read is longer, and nothing else.
      await (tx ? keeping : keeping.catch(() => undefined));
    }
    return { events, state, version };
  }

  /** @returns the state, the version it is of, and the version of the snapshot that it began with (0: none) */
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
