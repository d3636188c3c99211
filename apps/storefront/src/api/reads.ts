import * as catalog from '@fieldguide/contracts/catalog';
import * as identity from '@fieldguide/contracts/identity';
import * as inventory from '@fieldguide/contracts/inventory';
import * as ordering from '@fieldguide/contracts/ordering';
import { z } from 'zod';

// The fields that a storefront reads: providers may change all others freely.

export const SignedIn = identity.Token.pick({
  accessToken: true,
  refreshToken: true,
  expiresInSeconds: true,
});
export const SessionList = z.object({
  items: z.array(identity.SessionList.shape.items.element.omit({ expiresAt: true })),
});
export type Sessions = z.infer<typeof SessionList>;
export const Registered = identity.Registration.pick({ customerId: true });

const seen = { id: true, name: true, category: true, price: true } as const;
const Card = catalog.Product.pick(seen);
export type Card = z.infer<typeof Card>;
export const Cards = catalog.ProductPage.pick({ nextCursor: true }).extend({
  items: z.array(Card),
});
export type Cards = z.infer<typeof Cards>;
export const Detail = catalog.Product.pick({ ...seen, description: true, retired: true });
export type Detail = z.infer<typeof Detail>;
/** For the form with which staff change it. */
export const Edited = catalog.Product.pick({ id: true, name: true, price: true, retired: true });

export const Availability = inventory.Stock.pick({ freeUnits: true });
export const Replenished = inventory.Replenishment.pick({ units: true });

const Line = ordering.OrderLine.pick({
  productId: true,
  name: true,
  quantity: true,
  lineTotal: true,
});
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
export type Order = z.infer<typeof Order>;
export const Orders = ordering.OrderPage.pick({ nextCursor: true }).extend({
  items: z.array(Order.omit({ lines: true, shipment: true, payment: true })),
});
export type Orders = z.infer<typeof Orders>;
const TimelineItem = ordering.Timeline.shape.items.element.pick({
  source: true,
  type: true,
  time: true,
  summary: true,
});
export type TimelineItem = z.infer<typeof TimelineItem>;
export const Timeline = z.object({ items: z.array(TimelineItem) });
export const Cancelled = ordering.Cancellation.pick({ status: true });

/** For the chart that staff see. */
export const Sales = z.object({
  items: z.array(
    ordering.SalesItem.pick({ day: true, productId: true, name: true, units: true, revenue: true }),
  ),
});
export type Sales = z.infer<typeof Sales>;
