import type { z } from 'zod';

/** What a provider promises about one type of event: the topic's key is the aggregate's id. */
export function message<const Type extends string, Data extends z.ZodObject>(
  topic: string,
  type: Type,
  data: Data,
) {
  return { topic, type, data } as const;
}

/**
 * What a provider accepts as one type of command. Its topic carries commands to this provider only, so that the provider
 * parks a type that it does not know, instead of skipping it as a consumer of events does.
 */
export function command<const Type extends string, Data extends z.ZodObject>(
  topic: string,
  type: Type,
  data: Data,
) {
  return { topic, type, data, kind: 'command' } as const;
}
