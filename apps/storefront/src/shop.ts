// The parts of this application that there is one of in each tab.
import { StorefrontClient } from './api/storefront-client.ts';
import { Cart, NO_LINES } from './cart/cart.ts';
import { PendingOrder } from './cart/pending-order.ts';
import { LastAnswers } from './loading/last-answers.ts';
import { StoredValue } from './loading/stored-value.ts';
import { SESSION_KEY, Session } from './session/session.ts';

const anonymous = new StorefrontClient('');
export const session = new Session({
  storage: localStorage,
  exclusively: (work) => navigator.locks.request(SESSION_KEY, work),
  signIn: (request) => anonymous.signIn(request),
  now: () => Date.now(),
});
export const shop = new StorefrontClient('', session);
export const answers = new LastAnswers(localStorage, () => Date.now());

const CART_KEY = 'fieldguide.cart';
const PENDING_KEY = 'fieldguide.pending-order';
export const cart = new StoredValue(localStorage, CART_KEY, Cart, NO_LINES);
export const pendingOrder = new StoredValue(
  localStorage,
  PENDING_KEY,
  PendingOrder.nullable(),
  null,
);

window.addEventListener('storage', ({ key }) => {
  if (key === SESSION_KEY || key === null) session.onStorageChange();
  if (key === CART_KEY || key === null) cart.onStorageChange();
  if (key === PENDING_KEY || key === null) pendingOrder.onStorageChange();
});

/** Leaves nothing personal in this browser. */
export function forgetCustomer(): void {
  session.forget();
  answers.forgetPrivate();
  pendingOrder.update(() => null);
}
