import { z } from 'zod';

/** Between 8 and 200 visible characters; a random UUID is a good one. The same for every provider. */
export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{8,200}$/);
