import type { Decider, DomainCommand, DomainEvent } from '@fieldguide/event-store';
import { defineErrors } from '@fieldguide/problems';

const errors = defineErrors('giftCards', {
  alreadyIssued: ['conflict', 'This card was issued already.'],
  tooLittle: ['unprocessable', 'There is too little on this card.'],
});

export type CardEvent =
  | DomainEvent<'CardIssued', { amountMinor: number }>
  | DomainEvent<'CardRedeemed', { amountMinor: number; orderId: string }>;
export type CardCommand =
  | DomainCommand<'IssueCard', { amountMinor: number }>
  | DomainCommand<'RedeemCard', { amountMinor: number; orderId: string }>;

export const card: Decider<{ isIssued: boolean; leftMinor: number }, CardCommand, CardEvent> = {
  name: 'card',
  initial: { isIssued: false, leftMinor: 0 },
  decide: {
    IssueCard: (data, { isIssued }) => {
      if (isIssued) throw errors.alreadyIssued();
      return [{ type: 'CardIssued', data }];
    },
    RedeemCard: (data, { leftMinor }) => {
      if (data.amountMinor > leftMinor) throw errors.tooLittle();
      return [{ type: 'CardRedeemed', data }];
    },
  },
  evolve: {
    CardIssued: (_, { amountMinor }) => ({ isIssued: true, leftMinor: amountMinor }),
    CardRedeemed: (card, { amountMinor }) => ({
      ...card,
      leftMinor: card.leftMinor - amountMinor,
    }),
  },
};
