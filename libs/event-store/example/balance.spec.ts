import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { MemoryEventStore, runBatch } from '@fieldguide/event-store/parts';
import { recordedAs, rowAfter } from '@fieldguide/event-store/testing';
import { expect, it } from 'vitest';
import { Balance, balance } from './balance.ts';
import { card } from './gift-card.ts';

it('is what was not yet redeemed', () => {
  const events = recordedAs('card-1', [
    { type: 'CardIssued', data: { amountMinor: 5_000 } },
    { type: 'CardRedeemed', data: { amountMinor: 3_000, orderId: 'order-7' } },
  ]);
  expect(rowAfter(balance, events)).toMatchObject({ cardId: '1', leftMinor: 2_000 });
});

it('follows what is decided', async () => {
  const [clock, ids] = [new ManualClock(), new CountingIds()];
  const events = new MemoryEventStore(clock, ids);
  const units = new MemoryUnitOfWorkRunner({ service: 'gift-cards', clock, ids });
  await events.handle(card, '1', { type: 'IssueCard', data: { amountMinor: 5_000 } });
  await runBatch(balance, events, units);
  expect(await units.run((uow) => uow.load(Balance, '1'))).toMatchObject({ leftMinor: 5_000 });
});
