import { scenariosOf } from '@fieldguide/event-store/testing';
import { describe, it } from 'vitest';
import { card } from './gift-card.ts';

const issued = { type: 'CardIssued', data: { amountMinor: 5_000 } } as const;
const redeem = (amountMinor: number) =>
  ({ type: 'RedeemCard', data: { amountMinor, orderId: 'order-7' } }) as const;

describe('a gift card', () => {
  const given = scenariosOf(card);

  it('pays with what is on it', () =>
    given(issued)
      .when(redeem(3_000))
      .emits({ type: 'CardRedeemed', data: { amountMinor: 3_000, orderId: 'order-7' } }));
  it('does not pay with more', () =>
    given(issued).when(redeem(5_001)).isRefused('giftCards.tooLittle'));
});
