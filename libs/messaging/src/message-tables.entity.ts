import { Column, Entity, Generated, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Envelope } from './envelope.ts';

/** A message that this service has handled: a repeat is ignored. */
@Entity('inbox')
export class InboxMessage {
  @PrimaryColumn('uuid', { name: 'message_id' }) messageId!: string;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
}

/** A message to send; the relay deletes it when the transport has acknowledged it. */
@Entity('outbox')
export class OutboxMessage {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id!: string;
  @Column('text') topic!: string;
  @Column('jsonb') envelope!: Envelope;
}

export type DeadLetterOutcome = 'redriven' | 'discarded';

/**
 * A record that a schema or a handler rejected, or that waits behind such a record of the same key. An operator redrives or
 * discards it; no record is dropped. The record is stored as bytes, so that no content can make parking fail; the text
 * columns hold a readable form.
 */
@Entity('dead_letters')
export class DeadLetter {
  @PrimaryColumn('uuid', { name: 'message_id' }) messageId!: string;
  /** The order in which dead letters are parked and redriven; offsets are only ordered within one partition. */
  @Column({ type: 'bigint', update: false }) @Generated('increment') serial!: string;
  @Column('text') topic!: string;
  /** A readable form, short enough for the index; the bytes are in `rawKey`. */
  @Column('text') key!: string;
  @Column('bytea', { name: 'raw_key', nullable: true }) rawKey: Uint8Array | null = null;
  /** The bytes of the record; null in a row of an older version, which stored all of it in `envelope`. */
  @Column('bytea', { nullable: true }) value: Uint8Array | null = null;
  /** The attributes of the envelope without its data, as far as they are readable. */
  @Column('jsonb') envelope!: Partial<Envelope>;
  @Column('text') reason!: string;
  /** The record's offset. */
  @Column('bigint') arrival!: string;
  @Column('int', { nullable: true }) partition: number | null = null;
  @Column('timestamptz', { name: 'parked_at' }) parkedAt!: Date;
  /** True when the letter is resolved: `outcome` is whether it was handled or discarded. */
  @Column('bool') redriven = false;
  @Column('text', { nullable: true }) outcome: DeadLetterOutcome | null = null;
  @Column('timestamptz', { name: 'handled_at', nullable: true }) handledAt: Date | null = null;
  /** The account or client whose token was used. */
  @Column('text', { name: 'handled_by', nullable: true }) handledBy: string | null = null;
  /** The reason for discarding it. */
  @Column('text', { nullable: true }) note: string | null = null;
  @Column('int') version = 0;
}
