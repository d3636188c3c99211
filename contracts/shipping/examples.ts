import { example } from '../example.ts';
import { noon, orderId, shipmentId } from '../example-data.ts';
import { ShipmentCancelled, ShipmentDispatched } from './index.ts';

export const shipmentDispatched = example(ShipmentDispatched.data, {
  orderId,
  shipmentId,
  trackingNumber: 'FG0000000001',
  dispatchedAt: noon,
});
export const shipmentCancelled = example(ShipmentCancelled.data, { orderId, reason: 'requested' });
