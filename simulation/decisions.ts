// The rules of the checkout, without framework and I/O: for programs that run TypeScript without decorators.

export type { Reservation } from '@fieldguide/inventory/reservation/reservation.entity';
export { ship, shortages, unitsOf } from '@fieldguide/inventory/reservation/reservation.model';
export type { OrderCommand } from '@fieldguide/ordering/order/order.events';
export { order } from '@fieldguide/ordering/order/order.model';
export type { Order } from '@fieldguide/ordering/order/order-state.model';
export type { Payment } from '@fieldguide/payments/payment/payment.entity';
export { applyResult, keyOf, operationOf } from '@fieldguide/payments/payment/payment.model';
export type { Shipment } from '@fieldguide/shipping/shipment/shipment.entity';
export { dispatch, trackingNumberOf } from '@fieldguide/shipping/shipment/shipment.model';
