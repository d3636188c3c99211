import { useSyncExternalStore } from 'react';
import { cart, pendingOrder } from '../shop.ts';

export const useCart = () => useSyncExternalStore(cart.subscribe, () => cart.value);
export const usePendingOrder = () =>
  useSyncExternalStore(pendingOrder.subscribe, () => pendingOrder.value);
