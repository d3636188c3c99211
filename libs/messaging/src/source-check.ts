import type { Log } from '@fieldguide/telemetry';
import type { Envelope } from './envelope.ts';
import type { IncomingRecord } from './messaging.ts';
import type { MessageContract } from './on-message.decorator.ts';
import { storableText } from './parked-record.ts';

const SOURCE_LENGTH_MAX = 200;

/** The services that may publish on each topic, by the contracts of its messages. */
export function sendersByTopic(
  contracts: readonly Pick<MessageContract, 'topic' | 'senders'>[],
): ReadonlyMap<string, readonly string[]> {
  return new Map(contracts.map(({ topic, senders }) => [topic, senders]));
}

/** Returns why a message is not authentic: its source may not publish on the topic. Undefined when it may, or nothing handles the topic. */
export function forgeryOf(
  topic: string,
  { source }: Envelope,
  senders: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  const allowed = senders.get(topic);
  if (!allowed || allowed.some((each) => source === `/${each}`)) return undefined;
  return `${storableText(source, SOURCE_LENGTH_MAX)} may not publish on ${topic}`;
}

/** Logs a security event: who (the source), what (type and id), from where (the position in the topic). */
export function logForgery(
  log: Log,
  { topic, position }: IncomingRecord,
  { source, type, id, subject }: Envelope,
): void {
  const what = { source, topic, type, id, subject, ...position };
  log.warn(
    { security: 'forgedSource', ...what },
    'A message was refused: its source may not publish on this topic',
  );
}
