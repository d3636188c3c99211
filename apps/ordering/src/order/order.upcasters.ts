import type { Upcasters } from '@fieldguide/event-store';
import type { DataOf, OrderEvent, Origin } from './order.events.ts';

type Voided = DataOf<'PaymentVoided'>;

/** How old formats are read as today's; an example of each lies in `stored/`. */
export const orderUpcasters: Upcasters<OrderEvent> = {
  // The first voided payments did not say which one; some that were stored like that do.
  PaymentVoided: [
    ({ origin, paymentId }: { origin: Origin; paymentId?: string }): Voided => ({
      origin,
      paymentId: paymentId ?? null,
    }),
  ],
};
