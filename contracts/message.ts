import type { z } from 'zod';

/** What a provider promises about one type of message: the topic's key is the aggregate's id. */
export function message<const Type extends string, Data extends z.ZodObject>(
  topic: string,
  type: Type,
  data: Data,
) {
  return { topic, type, data } as const;
}
