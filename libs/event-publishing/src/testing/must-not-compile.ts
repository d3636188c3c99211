// What must not compile: `npm run check` fails when one of these lines does, and must-not-compile.spec.ts proves each.
import type { DomainEvent } from '@fieldguide/event-store';
import type { EventTranslation } from '../index.ts';

type Placed = DomainEvent<'OrderPlaced', { readonly orderId: string }>;
type OrderEvent = Placed | DomainEvent<'OrderConfirmed', object>;

// @ts-expect-error an event type without an entry
export const incomplete: EventTranslation<OrderEvent, Placed> = { OrderPlaced: 'internal' };
export const wrongFirst: EventTranslation<OrderEvent, Placed> = {
  OrderPlaced: 'internal',
  // @ts-expect-error the first event has no such field
  OrderConfirmed: (_, { data }) => data.customerId,
};
