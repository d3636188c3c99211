import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
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

/**
 * A message that could not be handled, or that waits behind such a one because it has the same key.
 * It is looked at and redriven by a person; nothing is dropped.
 */
@Entity('dead_letters')
export class DeadLetter {
  @PrimaryColumn('uuid', { name: 'message_id' }) messageId!: string;
  @Column('text') topic!: string;
  @Column('text') key!: string;
  @Column('jsonb') envelope!: Envelope;
  @Column('text') reason!: string;
  /** Order of arrival, so that redriving keeps the order of the key. */
  @Column('bigint') arrival!: string;
  @Column('timestamptz', { name: 'parked_at' }) parkedAt!: Date;
  @Column('bool') redriven = false;
  @Column('int') version = 0;
}
