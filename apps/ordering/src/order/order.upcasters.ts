import type { Upcasters } from '@fieldguide/event-store';
import type { DataOf, OrderEvent, Origin } from './order.events.ts';

type Voided = DataOf<'PaymentVoided'>;

/** Upcasters to the current formats; `stored/` has an example of each old one. */
export const orderUpcasters: Upcasters<OrderEvent> = {
  // The first format had no paymentId, though some events stored in it do.
  PaymentVoided: [
    ({ origin, paymentId }: { origin: Origin; paymentId?: string }): Voided => ({
      origin,
      paymentId: paymentId ?? null,
    }),
  ],
};
