import { z } from 'zod';
import { message } from '../message.ts';
import { Id } from '../money.ts';

/** The goods have left: from here on an order can only be finished. Key: orderId. */
export const ShipmentDispatched = message(
  'shipping.shipments.v1',
  'ShipmentDispatched',
  z.object({
    orderId: Id,
    shipmentId: Id,
    trackingNumber: z.string(),
    dispatchedAt: z.iso.datetime(),
  }),
);

/** The goods stay here: cancelled in time, or there is nowhere to send them. Key: orderId. */
export const ShipmentCancelled = message(
  'shipping.shipments.v1',
  'ShipmentCancelled',
  z.object({ orderId: Id, reason: z.enum(['requested', 'addressErased']) }),
);
