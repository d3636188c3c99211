import { z } from 'zod';

/** An error answer (RFC 9457): `type` is stable and meant for programs, `title` for people. The same for every provider. */
export const Problem = z.object({
  type: z.string().regex(/^\/problems\/[A-Za-z0-9.]+$/),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  traceId: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;
