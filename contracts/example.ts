import type { z } from 'zod';

/** A value that a contract allows, with the contract: what documents show, and what consumers expect the like of. */
export interface Example<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  readonly value: z.output<Schema>;
}

export const example = <Schema extends z.ZodType>(
  schema: Schema,
  value: z.output<Schema>,
): Example<Schema> => ({ schema, value });
