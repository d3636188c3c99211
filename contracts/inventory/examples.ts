import { example } from '../example.ts';
import { hammock, lines, orderId } from '../example-data.ts';
import {
  ReleaseStock,
  Replenishment,
  ReplenishmentRequest,
  ReserveStock,
  Stock,
  StockRefused,
  StockReleased,
  StockReserved,
} from './index.ts';

export const stock = example(Stock, { productId: hammock, onHandUnits: 12, freeUnits: 10 });
export const replenish = example(ReplenishmentRequest, { units: 5 });
export const replenishment = example(Replenishment, {
  id: '01900000-0000-8000-8000-0000000000dd',
  productId: hammock,
  units: 5,
});
export const reserveStock = example(ReserveStock.data, { orderId, lines });
export const releaseStock = example(ReleaseStock.data, { orderId });
export const stockReserved = example(StockReserved.data, { orderId });
export const stockRefused = example(StockRefused.data, {
  orderId,
  reason: 'outOfStock',
  productIds: [hammock],
});
export const stockReleased = example(StockReleased.data, { orderId });
