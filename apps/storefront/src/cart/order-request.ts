import { PlaceOrderRequest, ShipTo } from '@fieldguide/contracts/ordering';
import type { Cart } from './cart.ts';

export const countries: Readonly<Record<string, string>> = {
  AT: 'Austria',
  BE: 'Belgium',
  CH: 'Switzerland',
  DE: 'Germany',
  DK: 'Denmark',
  ES: 'Spain',
  FR: 'France',
  GB: 'United Kingdom',
  IE: 'Ireland',
  IT: 'Italy',
  NL: 'Netherlands',
  PL: 'Poland',
  SE: 'Sweden',
};

const words: Readonly<Record<keyof ShipTo, string>> = {
  name: 'Enter the name on the door.',
  street: 'Enter street and number.',
  postalCode: 'Enter the postal code.',
  city: 'Enter the city.',
  country: 'Choose a country.',
};

type Entries = Readonly<Record<string, string | undefined>>;
export type AddressErrors = Partial<Record<keyof ShipTo, string>>;

/** Builds the order from cart and form, checked by ordering's own contract. */
export function toRequest(
  cart: Cart,
  { token = '', ...address }: Entries,
): { request: PlaceOrderRequest } | { errors: AddressErrors } {
  const shipTo = ShipTo.safeParse(address);
  if (!shipTo.success) {
    const fields = shipTo.error.issues.map(({ path }) => path[0] as keyof ShipTo);
    return { errors: Object.fromEntries(fields.map((field) => [field, words[field]])) };
  }
  const lines = cart.map(({ productId, quantity }) => ({ productId, quantity }));
  return {
    request: PlaceOrderRequest.parse({ lines, payment: { token }, shipTo: shipTo.data }),
  };
}
