/** A message as it is stored in the outbox and sent over the wire: CloudEvents 1.0 with five extensions. */
export interface Envelope<Type extends string = string, Data = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  /** The service that publishes the message, as a path: `/ordering`. */
  readonly source: string;
  readonly type: Type;
  /** The aggregate that the message is about; also the key that keeps its messages in order. */
  readonly subject: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Data;
  /** The id of the first message; every message that follows from it carries the same one. */
  readonly correlationid: string;
  /** The id of the message or event that caused this one. */
  readonly causationid?: string;
  /** Increases with each message of one source and subject. */
  readonly sequence?: string;
  /** The source does not need the message after this time: RFC 3339, by the clock of the source. */
  readonly expirytime?: string;
  readonly traceparent?: string;
}

/** A message that a service publishes; `publishMessage` adds the envelope. */
export interface NewMessage {
  readonly topic: string;
  readonly type: string;
  readonly subject: string;
  readonly data: object;
}
