import { Column, Entity, Generated, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Envelope } from './envelope.ts';

/** A message that this service has handled: the second time it comes, nothing happens. */
@Entity('inbox')
export class InboxMessage {
  @PrimaryColumn('uuid', { name: 'message_id' }) messageId!: string;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
}

/** A message that is to be sent; the relay deletes it when the transport has it. */
@Entity('outbox')
export class OutboxMessage {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id!: string;
  @Column('text') topic!: string;
  @Column('jsonb') envelope!: Envelope;
}

export type DeadLetterOutcome = 'redriven' | 'discarded';

/**
 * A record that a schema or a handler refused, or that waits behind such a one because it has the same key. A person
 * looks at it and redrives or discards it; nothing is dropped. The record itself is kept as bytes, so that no content
 * can make parking fail: text columns hold a readable form of it.
 */
@Entity('dead_letters')
export class DeadLetter {
  @PrimaryColumn('uuid', { name: 'message_id' }) messageId!: string;
  /** The order in which letters were parked, and are redriven; an offset counts within one partition only. */
  @Column({ type: 'bigint', update: false }) @Generated('increment') serial!: string;
  @Column('text') topic!: string;
  /** Readable, and short enough for the index; the bytes are in `rawKey`. */
  @Column('text') key!: string;
  @Column('bytea', { name: 'raw_key', nullable: true }) rawKey: Uint8Array | null = null;
  /** The bytes of the record; null in a row that an older version wrote, which kept the whole in `envelope`. */
  @Column('bytea', { nullable: true }) value: Uint8Array | null = null;
  /** The attributes of the envelope without its data, as far as they are readable. */
  @Column('jsonb') envelope!: Partial<Envelope>;
  @Column('text') reason!: string;
  /** The record's offset. */
  @Column('bigint') arrival!: string;
  @Column('int', { nullable: true }) partition: number | null = null;
  @Column('timestamptz', { name: 'parked_at' }) parkedAt!: Date;
  /** True when nothing waits for it any more: `outcome` says whether it was handled or discarded. */
  @Column('bool') redriven = false;
  @Column('text', { nullable: true }) outcome: DeadLetterOutcome | null = null;
  @Column('timestamptz', { name: 'handled_at', nullable: true }) handledAt: Date | null = null;
  /** The account or client whose token asked for it. */
  @Column('text', { name: 'handled_by', nullable: true }) handledBy: string | null = null;
  /** Why it was discarded. */
  @Column('text', { nullable: true }) note: string | null = null;
  @Column('int') version = 0;
}
