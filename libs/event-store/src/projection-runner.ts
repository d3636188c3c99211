import { ConcurrencyError, type UnitOfWorkRunner, type Versioned } from '@fieldguide/database';
import { metrics } from '@fieldguide/telemetry';
import type { Lease } from '@fieldguide/workers';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DomainEvent } from './decider.ts';
import type { EventStore, RecordedEvent } from './event-store.ts';
import { type AnyProjection, applyEvents, keysOf, readFirsts } from './projection.ts';

/** The position in the feed that a projection or publisher has reached. */
@Entity('checkpoints')
export class Checkpoint {
  @PrimaryColumn('text') name!: string;
  @Column('bigint') position = '0';
  /** Set while the projection is paused on purpose. */
  @Column('timestamptz', { name: 'paused_since', nullable: true }) pausedSince: Date | null = null;
  @Column('int') version = 0;
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
 * Applies events to the rows of a projection, batch by batch. Rows and checkpoint commit together, so that each event counts
 * once, even after a crash. The checkpoint is read once: every batch checks that it has not changed since.
 */
export class ProjectionRunner<
  Row extends Versioned,
  Event extends DomainEvent,
  First extends Event,
> {
  readonly #projection: AnyProjection<Row, Event, First>;
  readonly #store: EventStore;
  readonly #units: UnitOfWorkRunner;
  /** Undefined when it is not known, or paused. */
  #checkpoint: Checkpoint | undefined;

  constructor(
    projection: AnyProjection<Row, Event, First>,
    store: EventStore,
    units: UnitOfWorkRunner,
  ) {
    this.#projection = projection;
    this.#store = store;
    this.#units = units;
  }

  /**
   * Applies the next batch.
   * @returns the number of events, and whether there may be more
   * @throws LeaseLostError when another instance has taken over
   */
  async next(options: ProjectOptions = {}): Promise<{ events: number; isFull: boolean }> {
    for (let retry = 0; ; retry++) {
      try {
        return await this.#once(options);
      } catch (error) {
        // The projection was paused, resumed or rebuilt, or another instance has applied events.
        if (!(error instanceof ConcurrencyError) || retry === RETRIES) throw error;
      }
    }
  }

  /** Reads first: the transaction begins when there is something to write. */
  async #once({ lease, until }: ProjectOptions): Promise<{ events: number; isFull: boolean }> {
    const { name } = this.#projection;
    const known = this.#checkpoint ?? (await this.#units.load(Checkpoint, name));
    const checkpoint = known ?? checkpointOf(name);
    this.#checkpoint = undefined; // unless the batch commits
    const isPaused = checkpoint.pausedSince !== null;
    const limit = isPaused ? 1 : BATCH;
    const { events, position } = await this.#store.readAll(checkpoint.position, limit, until);
    const isAtEnd = events.length === 0 || (events.length < limit && !until);
    const end = isAtEnd ? position : await this.#store.lastPosition();
    reportLag(name, checkpoint.position, end); // also when there is nothing to apply
    if (isPaused) return { events: 0, isFull: false };
    if (events.length > 0) {
      await this.#apply(events, Object.assign(checkpoint, { position }), lease);
      reportLag(name, position, end);
    }
    this.#checkpoint = checkpoint;
    return { events: events.length, isFull: events.length === limit };
  }

  async #apply(events: readonly RecordedEvent[], checkpoint: Checkpoint, lease?: Lease) {
    const projection = this.#projection;
    const { table, key } = projection;
    const firsts = await readFirsts(projection, events, this.#store);
    await this.#units.run(
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
        await uow.save(Checkpoint, checkpoint);
      },
      { retries: 0 },
    );
  }
}

/** Applies the next batch of events. @returns whether there were any @see ProjectionRunner */
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
  const { events } = await new ProjectionRunner(projection, store, units).next(options);
  return events > 0;
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
): Promise<Date | null> {
  return units.run(async (uow) => {
    const [stored] = await uow.lock(Checkpoint, [name]);
    const checkpoint = stored ?? checkpointOf(name);
    if ((checkpoint.pausedSince !== null) === isPaused) return checkpoint.pausedSince;
    checkpoint.pausedSince = isPaused ? uow.now() : null;
    await uow.save(Checkpoint, checkpoint);
    uow.notify('feed');
    return checkpoint.pausedSince;
  });
}

function checkpointOf(name: string): Checkpoint {
  return Object.assign(new Checkpoint(), { name });
}
