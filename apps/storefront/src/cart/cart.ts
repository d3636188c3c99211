import { Money } from '@fieldguide/contracts/money';
import { z } from 'zod';
import type { Card } from '../api/reads.ts';

const QUANTITY_MAX = 99;

const CartLine = z.object({
  productId: z.string(),
  name: z.string(),
  category: z.string(),
  price: Money,
  quantity: z.int().min(1).max(QUANTITY_MAX),
});
export type CartLine = z.infer<typeof CartLine>;
export const Cart = z.array(CartLine).max(50).readonly();
export type Cart = z.infer<typeof Cart>;
export const NO_LINES: Cart = [];

export function withProduct(cart: Cart, { id: productId, name, category, price }: Card): Cart {
  const known = cart.find((line) => line.productId === productId);
  if (!known) return [...cart, { productId, name, category, price, quantity: 1 }];
  return withQuantity(cart, productId, known.quantity + 1);
}

/** Removes the line when the quantity is 0. */
export function withQuantity(cart: Cart, productId: string, quantity: number): Cart {
  const bounded = Math.min(QUANTITY_MAX, Math.max(0, Math.trunc(quantity) || 0));
  const changed = cart.flatMap((line) => {
    if (line.productId !== productId) return [line];
    return bounded === 0 ? [] : [{ ...line, quantity: bounded }];
  });
  return changed.length === 0 ? NO_LINES : changed;
}

export const unitsIn = (cart: Cart) => cart.reduce((sum, { quantity }) => sum + quantity, 0);

/** @returns undefined for an empty cart, and for one with several currencies */
export function totalOf(cart: Cart): Money | undefined {
  const [first] = cart;
  if (!first || cart.some(({ price }) => price.currency !== first.price.currency)) return undefined;
  const amountMinor = cart.reduce((sum, line) => sum + line.price.amountMinor * line.quantity, 0);
  return { amountMinor, currency: first.price.currency };
}
