import { z } from 'zod';

/**
 * Text in a request: well-formed Unicode without NUL, because PostgreSQL stores neither NUL nor half a surrogate pair.
 * Otherwise it stays as it was sent, not normalised. Bounds and trimming are each field's own: `Text.trim().min(1).max(100)`.
 */
export const Text = z
  .string()
  .refine((text) => text.isWellFormed() && !text.includes('\0'), 'Must be Unicode text without NUL')
  .meta({ pattern: '^[^\\u0000]*$' });
