import { createHash } from 'node:crypto';
import { derivedId } from '@fieldguide/clock';
import type { Envelope } from './envelope.ts';
import { EnvelopeSchema } from './envelope-schema.ts';
import { DeadLetter } from './message-tables.entity.ts';
import type { IncomingRecord } from './messaging.ts';

const KEY_LENGTH_MAX = 200;
const REASON_LENGTH_MAX = 2_000;
const HEADER_LENGTH_MAX = 500;
const decoder = new TextDecoder();

/** The envelope of a record, or undefined if it is invalid. */
export function envelopeOf({ value }: Pick<IncomingRecord, 'value'>): Envelope | undefined {
  try {
    const read = EnvelopeSchema.safeParse(JSON.parse(decoder.decode(value)));
    return read.success ? (read.data as unknown as Envelope) : undefined;
  } catch {
    return undefined;
  }
}

/** Converts text so that every text and jsonb column accepts it: without NUL and lone surrogates, of a bounded length. */
export function storableText(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).toWellFormed().replaceAll('\u0000', '\u2400');
}

/** The key by which dead letters are found. A long key is cut and gets a digest, so that it stays distinct. */
export function keyText(key: Uint8Array): string {
  const text = storableText(decoder.decode(key), Number.POSITIVE_INFINITY);
  if (text.length <= KEY_LENGTH_MAX) return text;
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 16);
  return `${storableText(text, KEY_LENGTH_MAX)}\u2026${digest}`;
}

/**
 * Creates a dead letter of a record with any content; its text is made storable first.
 * @param trusted the key whose messages wait, and the envelope: undefined when it is invalid or forged
 */
export function letterOf(
  record: IncomingRecord,
  {
    key: keyThatWaits,
    envelope,
  }: { readonly key: string; readonly envelope: Envelope | undefined },
  reason: string,
  parkedAt: Date,
): DeadLetter {
  const { topic, key, value, position } = record;
  return Object.assign(new DeadLetter(), {
    messageId: envelope?.id ?? idOf(record),
    topic,
    key: keyThatWaits,
    rawKey: key,
    value,
    envelope: envelope ? headersOf(envelope) : {},
    reason: storableText(reason, REASON_LENGTH_MAX),
    arrival: position.offset,
    partition: position.partition,
    parkedAt,
  });
}

/** Restores the record from a letter of this version, or of one that stored the envelope only. */
export function recordOf(letter: DeadLetter): IncomingRecord {
  const { topic, key, rawKey, value, envelope, arrival, partition } = letter;
  const { malformed } = envelope as { malformed?: string };
  return {
    topic,
    key: Buffer.from(rawKey ?? Buffer.from(key)),
    value: Buffer.from(value ?? Buffer.from(malformed ?? JSON.stringify(envelope))),
    position: { partition: partition ?? 0, offset: arrival },
  };
}

/** The same id for a redelivered record, and another for a topic that was recreated and counts from 0. */
function idOf({ topic, value, position }: IncomingRecord): string {
  const digest = createHash('sha256').update(value).digest('hex');
  return derivedId(topic, String(position.partition), position.offset, digest);
}

/** The attributes without the data: jsonb refuses NUL, lone surrogates and deep nesting, which data may have. */
function headersOf(envelope: Envelope): Partial<Envelope> {
  const { specversion, id, source, type, subject, time, correlationid, causationid } = envelope;
  const all = { specversion, id, source, type, subject, time, correlationid, causationid };
  const texts = Object.entries(all).filter((entry): entry is [string, string] => {
    return typeof entry[1] === 'string';
  });
  return Object.fromEntries(
    texts.map(([name, text]) => [name, storableText(text, HEADER_LENGTH_MAX)]),
  );
}
