import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import {
  ConsumerPacts,
  consumerOf,
  describeIdentityPacts,
  type Example,
  serviceClientAt,
  unitsFor,
} from '@fieldguide/contract-testing';
import { product, productChanged } from '@fieldguide/contracts/catalog/examples';
import { ada, hammock, orderId } from '@fieldguide/contracts/example-data';
import { customerErased, keySet, sessionEnded } from '@fieldguide/contracts/identity/examples';
import {
  stockRefused,
  stockReleased,
  stockReserved,
} from '@fieldguide/contracts/inventory/examples';
import {
  paymentAuthorised,
  paymentCaptured,
  paymentDeclined,
  paymentVoided,
} from '@fieldguide/contracts/payments/examples';
import { shipmentCancelled, shipmentDispatched } from '@fieldguide/contracts/shipping/examples';
import { MemoryEventStore } from '@fieldguide/event-store/parts';
import type { MessageContract } from '@fieldguide/messaging';
import { describe, expect, it } from 'vitest';
import { deadlines } from '../src/checkout/checkout.model.ts';
import { CheckoutDeadlines } from '../src/checkout/checkout-deadlines.ts';
import { ErasedCustomer } from '../src/customer-data/customer-data.ts';
import { EraseCustomers } from '../src/customer-data/erase-customers.ts';
import { Erased, OnCustomerErased } from '../src/customer-data/on-customer-erased.ts';
import * as payments from '../src/on-payment-reply/on-payment-reply.ts';
import * as shipping from '../src/on-shipment-reply/on-shipment-reply.ts';
import * as inventory from '../src/on-stock-reply/on-stock-reply.ts';
import type { OrderEvent } from '../src/order/order.events.ts';
import * as history from '../src/order/order.examples.ts';
import { OrderCommandHandler } from '../src/order/order-command-handler.ts';
import { Changed, OnProductChanged } from '../src/prices/on-product-changed.ts';
import { ProductPrice } from '../src/prices/product-price.entity.ts';
import { fetchOffer, Offer } from '../src/prices/product-prices.ts';

const ordering = new ConsumerPacts('ordering');

describeIdentityPacts(ordering, { keySet, sessionEnded });

describe('ordering, of catalog,', () => {
  it('fetches a product that it does not know', async () => {
    const interaction = {
      given: ['a product is sold', { productId: hammock }],
      description: 'the offer of a product',
      request: { method: 'GET', path: `/products/${hammock}` },
      response: { status: 200, reads: Offer, of: product },
    } as const;
    const offer = await ordering.request('catalog', interaction, (catalog) =>
      fetchOffer(hammock, serviceClientAt({ catalog })),
    );
    expect(offer).toMatchObject({ id: hammock, name: 'Hammock', retired: false });
  });
  it('fetches a product that does not exist', async () => {
    const unknown = '01900000-0000-7000-8000-00000000dead';
    const interaction = {
      given: ['no product is sold', { productId: unknown }],
      description: 'the offer of a product that does not exist',
      request: { method: 'GET', path: `/products/${unknown}` },
      response: { status: 404 },
    } as const;
    const offer = await ordering.request('catalog', interaction, (catalog) =>
      fetchOffer(unknown, serviceClientAt({ catalog })),
    );
    expect(offer).toBeUndefined();
  });
  it('consumes changed prices', async () => {
    const units = unitsFor('ordering');
    const message = {
      given: ['a product was repriced', { productId: hammock }],
      message: Changed,
      of: productChanged,
      subject: hammock,
    } as const;
    await ordering.message(
      'catalog',
      message,
      consumerOf('ordering', units, new OnProductChanged()),
    );
    const row = await units.run((uow) => uow.load(ProductPrice, hammock));
    expect(row).toMatchObject({ name: 'Hammock', price: { amountMinor: 6_900 }, revision: 2 });
  });
});

/** An order with these past events, and its next events after a message. */
async function orderWith(past: readonly OrderEvent[]) {
  const clock = new ManualClock();
  const units = unitsFor('ordering');
  const events = new MemoryEventStore(clock, new CountingIds());
  const orders = new OrderCommandHandler(events, new CheckoutDeadlines(deadlines as never));
  const stream = `order-${orderId}`;
  if (past.length > 0) await events.append({ stream, expected: 0, events: past });
  const receive = consumerOf(
    'ordering',
    units,
    new inventory.OnStockReply(orders),
    new payments.OnPaymentReply(orders),
    new shipping.OnShipmentReply(orders),
    new OnCustomerErased(new EraseCustomers(units, orders)),
  );
  const next = async () => (await events.read(stream)).slice(past.length).map(({ type }) => type);
  return { receive, next, units };
}

describe('ordering, of identity,', () => {
  it('consumes erased customers', async () => {
    const { receive, units } = await orderWith([]);
    const message = {
      given: ['a customer was erased', { customerId: ada }],
      message: Erased,
      of: customerErased,
      subject: ada,
    } as const;
    await ordering.message('identity', message, receive);
    expect(await units.run((uow) => uow.load(ErasedCustomer, ada))).toBeDefined();
  });
});

const { orderPlaced, stockReserved: reserved, paymentAuthorised: authorised } = history;
const placed = [orderPlaced];
const waitsForMoney = [...placed, reserved];
const confirmed = [...waitsForMoney, authorised, history.orderConfirmed];
const dispatched = [...confirmed, history.shipmentDispatched];
const compensating = [
  ...confirmed,
  history.cancellationRequested,
  history.shipmentCancelled,
  history.cancelled,
];
const withReason = ({ schema, value }: Example, reason: string): Example => ({
  schema,
  value: { ...(value as object), reason },
});

describe.each<
  [
    provider: string,
    given: string,
    past: readonly OrderEvent[],
    message: MessageContract,
    of: Example,
    leadsTo: OrderEvent['type'],
    reason?: string,
  ]
>([
  ['inventory', 'stock was reserved', placed, inventory.Reserved, stockReserved, 'StockReserved'],
  ['inventory', 'stock was insufficient', placed, inventory.Refused, stockRefused, 'StockRefused'],
  [
    'inventory',
    'stock was released',
    compensating,
    inventory.Released,
    stockReleased,
    'StockReleased',
  ],
  [
    'payments',
    'a payment was authorised',
    waitsForMoney,
    payments.Authorised,
    paymentAuthorised,
    'PaymentAuthorised',
  ],
  [
    'payments',
    'a payment was declined',
    waitsForMoney,
    payments.Declined,
    paymentDeclined,
    'PaymentDeclined',
    'paymentDeclined',
  ],
  [
    'payments',
    'a payment had insufficient funds',
    waitsForMoney,
    payments.Declined,
    paymentDeclined,
    'PaymentDeclined',
    'insufficientFunds',
  ],
  [
    'payments',
    'a payment was requested after it was voided',
    waitsForMoney,
    payments.Declined,
    paymentDeclined,
    'PaymentDeclined',
    'voided',
  ],
  [
    'payments',
    'a payment was captured',
    dispatched,
    payments.Captured,
    paymentCaptured,
    'PaymentCaptured',
  ],
  [
    'payments',
    'a payment was voided',
    compensating,
    payments.Voided,
    paymentVoided,
    'PaymentVoided',
  ],
  [
    'shipping',
    'a shipment was dispatched',
    confirmed,
    shipping.Dispatched,
    shipmentDispatched,
    'ShipmentDispatched',
  ],
  [
    'shipping',
    'a shipment was cancelled in time',
    [...confirmed, history.cancellationRequested],
    shipping.Cancelled,
    shipmentCancelled,
    'ShipmentCancelled',
    'requested',
  ],
  [
    'shipping',
    'a shipment had no address',
    confirmed,
    shipping.Cancelled,
    shipmentCancelled,
    'ShipmentCancelled',
    'addressErased',
  ],
])('ordering, of %s, when %s,', (provider, given, past, message, of, leadsTo, reason) => {
  it('records it', async () => {
    const { receive, next } = await orderWith(past);
    const expectation = {
      given: [given, { orderId, ...(reason && { reason }) }] as const,
      message,
      of: reason ? withReason(of, reason) : of,
      subject: orderId,
    };
    await ordering.message(provider, expectation, receive);
    expect((await next())[0]).toBe(leadsTo);
  });
});
