/** A value of an attribute; OTLP's lists and maps are stored as JSON text. */
export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** OTLP's kinds, in the order of their numbers from 1 on. */
export const spanKinds = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof spanKinds)[number];

export interface SpanEvent {
  readonly name: string;
  readonly timeUs: number;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}

/** A span as it is stored: OTLP without what the platform does not show, in microseconds since 1970. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentId: string | null;
  /** `service.name` of the sender. */
  readonly app: string;
  /** `service.instance.id` of the sender. */
  readonly instance: string | null;
  readonly kind: SpanKind;
  readonly name: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly error: boolean;
  readonly statusMessage: string | null;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}

/** Returns the name of the called app, as its client names it; a database is no app. */
export function peerOf({ attributes }: Pick<Span, 'attributes'>): string | null {
  if ('db.system.name' in attributes) return null;
  const name = attributes['server.service.name'] ?? attributes['server.address'];
  return name === undefined ? null : String(name);
}

/** Returns the topic of a message. */
export function topicOf({ attributes }: Pick<Span, 'attributes'>): string | null {
  const name = attributes['messaging.destination.name'];
  return name === undefined ? null : String(name);
}
