import type { z } from 'zod';

/** Declared once, by the service that owns it. The platform creates it with these settings. */
export interface Topic {
  readonly name: string;
  /** `events`: the owner publishes. `commands`: others publish, the owner consumes. */
  readonly kind: 'events' | 'commands';
  readonly partitions: number;
  readonly retention: 'compact' | { readonly days: number } | { readonly hours: number };
}

/** Retention is by time, unless every record holds the whole state of its key: then `compact`. */
export const topic = (
  name: string,
  kind: Topic['kind'],
  partitions: number,
  retention: Topic['retention'],
): Topic => ({ name, kind, partitions, retention });

/** What a provider guarantees about one type of event: the topic's key is the aggregate's id. */
export function message<const Type extends string, Data extends z.ZodObject>(
  { name }: Topic,
  type: Type,
  data: Data,
) {
  return { topic: name, type, data } as const;
}

/**
 * What a provider accepts as one type of command. Its topic carries commands to this provider only, so that the provider
 * parks a type that it does not know, instead of skipping it as a consumer of events does.
 */
export function command<const Type extends string, Data extends z.ZodObject>(
  { name }: Topic,
  type: Type,
  data: Data,
) {
  return { topic: name, type, data, kind: 'command' } as const;
}
