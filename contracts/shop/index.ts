import { z } from 'zod';
import * as catalog from '../catalog/index.ts';
import * as identity from '../identity/index.ts';
import * as inventory from '../inventory/index.ts';
import * as ordering from '../ordering/index.ts';

// The fields that a storefront reads: providers may change all others freely.

export const SignedIn = identity.Token.pick({
  accessToken: true,
  refreshToken: true,
  expiresInSeconds: true,
});
export const Registered = identity.Registration.pick({ customerId: true });

const seen = { id: true, name: true, category: true, price: true } as const;
export const Card = catalog.Product.pick(seen);
export const Cards = catalog.ProductPage.pick({ nextCursor: true }).extend({
  items: z.array(Card),
});
export const Detail = catalog.Product.pick({ ...seen, description: true, retired: true });
/** For the form with which staff change it. */
export const Edited = catalog.Product.pick({ id: true, name: true, price: true, retired: true });

export const Availability = inventory.Stock.pick({ freeUnits: true });
export const Replenished = inventory.Replenishment.pick({ units: true });

const Line = ordering.OrderLine.pick({ name: true, quantity: true, lineTotal: true });
export const Order = ordering.Order.pick({
  id: true,
  status: true,
  statusReason: true,
  total: true,
  payment: true,
  placedAt: true,
}).extend({
  lines: z.array(Line),
  shipment: ordering.Order.shape.shipment.unwrap().pick({ trackingNumber: true }).nullable(),
});
export const Orders = ordering.OrderPage.pick({ nextCursor: true }).extend({
  items: z.array(Order.omit({ lines: true, shipment: true, payment: true })),
});
const TimelineItem = ordering.Timeline.shape.items.element.pick({
  type: true,
  time: true,
  summary: true,
});
export const Timeline = z.object({ items: z.array(TimelineItem) });
export const Cancelled = ordering.Cancellation.pick({ status: true });

/** For the chart that staff see. */
export const Sales = z.object({
  items: z.array(
    ordering.SalesItem.pick({ day: true, productId: true, name: true, units: true, revenue: true }),
  ),
});
