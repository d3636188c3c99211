import { z } from 'zod';
import { message, topic } from '../message.ts';
import { Id } from '../money.ts';

export const ShipmentTopic = topic('shipping.shipments.v1', 'events', 6, { days: 7 });

/** The goods have left: from here on an order can only be finished. Key: orderId. */
export const ShipmentDispatched = message(
  ShipmentTopic,
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
  ShipmentTopic,
  'ShipmentCancelled',
  z.object({ orderId: Id, reason: z.enum(['requested', 'addressErased']) }),
);
