import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import {
  ConsumerPacts,
  consumerOf,
  describeIdentityPacts,
  unitsFor,
} from '@fieldguide/contract-testing';
import { orderId, paymentId } from '@fieldguide/contracts/example-data';
import { keySet, sessionEnded } from '@fieldguide/contracts/identity/examples';
import { operate, operation } from '@fieldguide/contracts/payment-provider/examples';
import {
  authorisePayment,
  capturePayment,
  voidPayment,
} from '@fieldguide/contracts/payments/examples';
import { Policies } from '@fieldguide/resilience';
import { describe, expect, it } from 'vitest';
import { HttpProvider, Result } from '../src/call-provider/provider.ts';
import {
  Authorise,
  Capture,
  OnPaymentCommand,
  Void,
} from '../src/on-payment-command/on-payment-command.ts';
import { Payment, type PaymentStatus } from '../src/payment/payment.entity.ts';

const payments = new ConsumerPacts('payments');
const clock = new ManualClock();

describeIdentityPacts(payments, { keySet, sessionEnded });

describe('payments, of ordering,', () => {
  const about = { subject: orderId } as const;

  async function withPayment(status?: PaymentStatus) {
    const units = unitsFor('payments');
    const ids = new CountingIds();
    await units.run(async (uow) => {
      const row = {
        orderId,
        paymentId,
        status,
        amountMinor: '13800',
        currency: 'EUR',
        token: 'tok_ok',
      };
      if (status) await uow.save(Payment, Object.assign(new Payment(), row));
    });
    const commands = new OnPaymentCommand(ids);
    const payment = () => units.run((uow) => uow.load(Payment, orderId));
    return { receive: consumerOf('payments', units, commands), payment };
  }

  it('consumes the command to authorise', async () => {
    const { receive, payment } = await withPayment();
    const given = ['an order has its stock', { orderId }] as const;
    const message = { ...about, given, message: Authorise, of: authorisePayment };
    await payments.message('ordering', message, receive);
    expect(await payment()).toMatchObject({ status: 'authorising', amountMinor: '13800' });
  });
  it('consumes the command to capture', async () => {
    const { receive, payment } = await withPayment('authorised');
    const given = ['an order was dispatched', { orderId }] as const;
    await payments.message(
      'ordering',
      { ...about, given, message: Capture, of: capturePayment },
      receive,
    );
    expect(await payment()).toMatchObject({ status: 'capturing' });
  });
  it('consumes the command to void', async () => {
    const { receive, payment } = await withPayment('authorised');
    const given = ['an order was cancelled', { orderId }] as const;
    await payments.message(
      'ordering',
      { ...about, given, message: Void, of: voidPayment },
      receive,
    );
    expect(await payment()).toMatchObject({ status: 'voiding' });
  });
});

describe('payments, of payment-provider,', () => {
  const apiKey = 'the-key-of-payments';
  const headers = { 'x-api-key': apiKey };
  const at = (url: string) =>
    new HttpProvider(
      { PAYMENT_PROVIDER_URL: url, PROVIDER_API_KEY: apiKey } as never,
      new Policies(clock),
    );
  const outcomes = {
    approved: 'tok_ok',
    declined: 'tok_declined',
    insufficientFunds: 'tok_insufficient_funds',
  } as const;

  it.each(Object.entries(outcomes))(
    'requests an authorisation that is %s',
    async (outcome, token) => {
      const wanted = { ...operate.value, token };
      const interaction = {
        given: ['there is no operation with this key', { key: wanted.key }],
        description: `an authorisation that is ${outcome}`,
        request: {
          method: 'POST',
          path: '/operations',
          headers,
          body: { schema: operate.schema, value: wanted },
        },
        response: {
          status: 200,
          reads: Result,
          of: { ...operation, value: { ...operation.value, outcome } },
          exactly: [outcome],
        },
      } as const;
      const result = await payments.request('payment-provider', interaction, (url) =>
        at(url).operate(wanted),
      );
      expect(result).toEqual({ outcome });
    },
  );
  it.each(['capture', 'void'] as const)('requests a %s', async (kind) => {
    const wanted = { ...operate.value, kind, key: `${paymentId}:${kind}` };
    const interaction = {
      given: ['a payment was authorised', { paymentId }],
      description: `a ${kind}`,
      request: {
        method: 'POST',
        path: '/operations',
        headers,
        body: { schema: operate.schema, value: wanted },
      },
      response: { status: 200, reads: Result, of: operation, exactly: ['approved'] },
    } as const;
    const result = await payments.request('payment-provider', interaction, (url) =>
      at(url).operate(wanted),
    );
    expect(result).toEqual({ outcome: 'approved' });
  });

  const { key } = operation.value;
  const lookUp = {
    method: 'GET',
    path: `/operations/${encodeURIComponent(key)}`,
    headers,
  } as const;
  it('looks up an operation', async () => {
    const interaction = {
      given: ['a payment was authorised', { paymentId }],
      description: 'the result of an operation',
      request: lookUp,
      response: { status: 200, reads: Result, of: operation, exactly: ['approved'] },
    } as const;
    const result = await payments.request('payment-provider', interaction, (url) =>
      at(url).find(key),
    );
    expect(result).toEqual({ outcome: 'approved' });
  });
  it('looks up an operation that never arrived, and may request it again', async () => {
    const interaction = {
      given: ['there is no operation with this key', { key }],
      description: 'the result of an operation that never arrived',
      request: lookUp,
      response: { status: 404 },
    } as const;
    const result = await payments.request('payment-provider', interaction, (url) =>
      at(url).find(key),
    );
    expect(result).toBeUndefined();
  });
});
