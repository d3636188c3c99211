import type { z } from 'zod';

/** Declared once, by the service that owns it. The platform creates it with these settings. */
export interface Topic {
  readonly name: string;
  /** `events`: the owner publishes. `commands`: others publish, the owner consumes. */
  readonly kind: 'events' | 'commands';
  readonly partitions: number;
  readonly retention: 'compact' | { readonly days: number } | { readonly hours: number };
  /** The services that may publish on it; consumers refuse messages of every other source. */
  readonly senders: readonly string[];
}

/**
 * Retention is by time, unless every record holds the whole state of its key: then `compact`.
 * @param senders of commands; events have one, the owner, after which the topic is named
 */
export const topic = (
  name: string,
  kind: Topic['kind'],
  partitions: number,
  retention: Topic['retention'],
  senders: Topic['senders'] = [name.split('.')[0]!],
): Topic => ({ name, kind, partitions, retention, senders });

/** What a provider guarantees about one type of event: the topic's key is the aggregate's id. */
export function message<const Type extends string, Data extends z.ZodObject>(
  { name, senders }: Topic,
  type: Type,
  data: Data,
) {
  return { topic: name, senders, type, data } as const;
}

/**
 * What a provider accepts as one type of command. Its topic carries commands to this provider only, so that the provider
 * parks a type that it does not know, instead of skipping it as a consumer of events does.
 */
export function command<const Type extends string, Data extends z.ZodObject>(
  { name, senders }: Topic,
  type: Type,
  data: Data,
) {
  return { topic: name, senders, type, data, kind: 'command' } as const;
}
