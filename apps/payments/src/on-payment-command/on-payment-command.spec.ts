import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { authorisePayment } from '@fieldguide/contracts/payments/examples';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { expect, it } from 'vitest';
import { Payment } from '../payment/payment.entity.ts';
import { OnPaymentCommand } from './on-payment-command.ts';

const { value: request } = authorisePayment;

it('a repeated request changes nothing, and is refused when its amount differs', async () => {
  const ids = new CountingIds();
  const units = new MemoryUnitOfWorkRunner({ service: 'payments', clock: new ManualClock(), ids });
  const handler = new OnPaymentCommand(ids);
  const authorise = (data: object) =>
    units.run((uow) => handler.authorise({ data: { ...request, ...data } } as never, uow));
  await authorise({});
  await authorise({});
  const other = { ...request.amount, amountMinor: 1 };
  for (const amount of [other, { ...request.amount, currency: 'USD' }])
    await expect(authorise({ amount })).rejects.toThrow('a payment of another amount');
  const payment = await units.run((uow) => uow.load(Payment, request.orderId));
  expect(payment).toMatchObject({ status: 'authorising', amount: request.amount });
});
