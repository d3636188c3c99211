/** A message as it lies in the outbox and goes over the wire: CloudEvents 1.0 with four extensions. */
export interface Envelope<Type extends string = string, Data = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  /** The service that says so, as a path: `/ordering`. */
  readonly source: string;
  readonly type: Type;
  /** The aggregate it is about; also the key that keeps messages about it in order. */
  readonly subject: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Data;
  /** The id of the message that began it all; every message that follows carries it on. */
  readonly correlationid: string;
  /** The id of the message or event that this one answers. */
  readonly causationid?: string;
  /** Grows with each message of one source and subject. */
  readonly sequence?: string;
  readonly traceparent?: string;
}

/** What made something happen; kept beside work that is done later, so that its messages still belong to the whole. */
export type Causation = Pick<Envelope, 'id' | 'correlationid' | 'traceparent'>;

/** What a service says; the unit of work puts the envelope around it. */
export interface NewMessage {
  readonly topic: string;
  readonly type: string;
  readonly subject: string;
  readonly data: object;
  /** Only where a repeat must give the same id; else a new one is taken from `Ids`. */
  readonly id?: string;
}
