import { z } from 'zod';

/** The fields of an envelope (CloudEvents 1.0) that every consumer reads. */
export const EnvelopeSchema = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.string(),
  type: z.string(),
  subject: z.string(),
  time: z.iso.datetime(),
  data: z.unknown(),
  correlationid: z.string(),
  expirytime: z.iso.datetime({ offset: true }).optional(),
});
