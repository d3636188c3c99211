import type { Lease, Table, UnitsOfWork, Versioned } from '@fieldguide/database';
import { metrics } from '@fieldguide/telemetry';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DomainEvent } from './decider.ts';
import type { EventStore, RecordedEvent } from './event-store.ts';

/** How far a projection or publisher has come in the feed. */
@Entity('checkpoints')
export class Checkpoint {
  @PrimaryColumn('text') name!: string;
  @Column('bigint') position = '0';
  @Column('int') version = 0;
}

/** Turns events into rows. Pure: row in, row out; the runner owns the database. Types without a row are skipped. */
export interface Projection<Row extends Versioned, Event extends DomainEvent> {
  readonly name: string;
  readonly table: Table<Row>;
  /** The column that holds the key of a row. */
  readonly key: keyof Row & string;
  /** The key of the row that an event changes. */
  readonly rowOf: (event: RecordedEvent) => string;
  /** A row before its first event. */
  readonly initial: (key: string) => Row;
  readonly on: {
    readonly [Type in Event['type']]?: (
      row: Row,
      event: RecordedEvent<Extract<Event, { type: Type }>>,
    ) => Row;
  };
}

const BATCH = 200;

/** How a projection runs. */
export interface ProjectOptions {
  /** The right to be the one that projects; every batch checks that it still holds. */
  readonly lease?: Lease;
  /** Takes in only what is older than this; for holding a view back on purpose. */
  readonly until?: Date;
}

/**
 * Takes the next events into the rows; rows and checkpoint are one transaction, so that each event counts once
 * whatever dies in between.
 * @returns whether there was anything
 * @throws LeaseLost when another instance has taken over
 */
export async function projectNext<Row extends Versioned, Event extends DomainEvent>(
  projection: Projection<Row, Event>,
  store: EventStore,
  units: UnitsOfWork,
  { lease, until }: ProjectOptions = {},
): Promise<boolean> {
  return units.run(async (uow) => {
    if (lease) await uow.holding(lease);
    const checkpoint =
      (await uow.load(Checkpoint, projection.name)) ??
      Object.assign(new Checkpoint(), { name: projection.name });
    const { events, position } = await store.feed(checkpoint.position, BATCH, until);
    if (events.length === 0) return false;

    const keys = [...new Set(events.map(projection.rowOf))];
    const stored = await uow.lock(projection.table, keys);
    const rows = new Map<string, Row>();
    for (const row of stored) rows.set(String(row[projection.key]), row);
    for (const event of events) {
      const apply = projection.on[event.type as Event['type']];
      if (!apply) continue;
      const key = projection.rowOf(event);
      const row = apply(rows.get(key) ?? projection.initial(key), event as never);
      rows.set(key, row);
    }
    for (const row of rows.values()) await uow.save(projection.table, row);
    checkpoint.position = position;
    await uow.save(Checkpoint, checkpoint);
    const end = await store.end();
    metrics.subscriptionLagEvents.set(
      { subscription: projection.name },
      Number(BigInt(end) - BigInt(position)),
    );
    return true;
  });
}
