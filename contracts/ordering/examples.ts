import { example } from '../example.ts';
import {
  ada,
  hammock,
  lines,
  noon,
  orderId,
  price,
  shipmentId,
  shipTo,
  total,
} from '../example-data.ts';
import {
  Cancellation,
  CancellationRequested,
  DeliveryAddressList,
  Order,
  OrderCancelled,
  OrderCompleted,
  OrderConfirmed,
  OrderPage,
  OrderPlaced,
  OrderRejected,
  PlaceOrderRequest,
  SalesReport,
  Timeline,
} from './index.ts';

export const placeOrder = example(PlaceOrderRequest, {
  lines,
  payment: { token: 'tok_ok' },
  shipTo,
});
const placed: Order = {
  id: orderId,
  customerId: ada,
  status: 'placed',
  lines: [{ productId: hammock, name: 'Hammock', quantity: 2, unitPrice: price, lineTotal: total }],
  total,
  payment: { status: 'none' },
  shipment: null,
  placedAt: noon,
  updatedAt: noon,
};
export const placedOrder = example(Order, placed);
export const completedOrder = example(Order, {
  ...placed,
  status: 'completed',
  payment: { status: 'captured' },
  shipment: { id: shipmentId, trackingNumber: 'FG0000000001', dispatchedAt: noon },
});
export const rejectedOrder = example(Order, {
  ...placed,
  status: 'rejected',
  statusReason: 'outOfStock',
});
export const orderPage = example(OrderPage, { items: [placed], nextCursor: null });
export const cancellation = example(Cancellation, { status: 'cancelled' });
export const timeline = example(Timeline, {
  items: [
    {
      source: '/ordering',
      type: 'OrderPlaced',
      time: noon,
      summary: 'Order placed',
      data: { lines: 1 },
    },
  ],
});
export const salesReport = example(SalesReport, {
  items: [
    {
      day: noon.slice(0, 10),
      productId: hammock,
      name: 'Hammock',
      orders: 1,
      units: 2,
      revenue: total,
      cancelledUnits: 0,
    },
  ],
});
export const deliveryAddresses = example(DeliveryAddressList, { items: [{ orderId, shipTo }] });
export const erasedAddresses = example(DeliveryAddressList, {
  items: [{ orderId, shipTo: null }],
});

const about = { orderId, customerId: ada };
export const orderPlaced = example(OrderPlaced.data, { ...about, lines, total });
export const orderConfirmed = example(OrderConfirmed.data, { ...about, lines });
export const orderRejected = example(OrderRejected.data, { ...about, reason: 'paymentDeclined' });
export const orderCompleted = example(OrderCompleted.data, about);
export const cancellationRequested = example(CancellationRequested.data, about);
export const orderCancelled = example(OrderCancelled.data, about);
