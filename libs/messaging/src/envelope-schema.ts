import { z } from 'zod';

/** What every consumer reads of an envelope (CloudEvents 1.0), whatever the message is about. */
export const EnvelopeSchema = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.string(),
  type: z.string(),
  subject: z.string(),
  time: z.iso.datetime(),
  data: z.unknown(),
  correlationid: z.string(),
});
