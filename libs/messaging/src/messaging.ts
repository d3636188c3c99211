import type { DependencyVerdict } from '@fieldguide/telemetry';
import type { Envelope } from './envelope.ts';

export interface OutgoingRecord {
  readonly topic: string;
  readonly envelope: Envelope;
}

/** A record as received: bytes, so that a record of any content can be parked. */
export interface IncomingRecord {
  readonly topic: string;
  /** Empty when the record has none. */
  readonly key: Buffer;
  /** Empty when the record has none (a tombstone). */
  readonly value: Buffer;
  /** Unique within the topic, and increasing for each key. */
  readonly position: { readonly partition: number; readonly offset: string };
  /** The span that has published the record. */
  readonly traceparent?: string | undefined;
}

export interface Subscription {
  /** Finishes the current batch, commits its position, and leaves the group. */
  close(): Promise<void>;
}

export interface SubscribeOptions {
  /** *shared*: each record goes to one instance of the group. *broadcast*: each process receives every retained record. */
  readonly mode: 'shared' | 'broadcast';
  /** The service's name. */
  readonly group: string;
}

/**
 * A durable log of records in topics, in order for each key. At least once: a batch whose handler rejects is delivered
 * again, later ones wait behind it. Every transport passes the suite in `testing/messaging.contract.ts`.
 */
export abstract class Messaging {
  /** Resolves when all records are durable; rejects when any may not be. */
  abstract publish(batch: readonly OutgoingRecord[]): Promise<void>;

  abstract subscribe(
    topics: readonly string[],
    options: SubscribeOptions,
    handler: (batch: readonly IncomingRecord[]) => Promise<void>,
  ): Promise<Subscription>;

  /** Records that the group has not handled yet; undefined when that is unknown. */
  abstract lag(group: string, topics: readonly string[]): Promise<number | undefined>;

  /** For readiness: whether the transport responds, broadcasts were read to their end, and records are handled. */
  abstract state(): Promise<DependencyVerdict>;

  abstract close(): Promise<void>;
}
