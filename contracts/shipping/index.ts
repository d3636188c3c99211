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
