import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import {
  ConsumerPacts,
  consumerOf,
  expectsOfIdentity,
  peersAt,
  unitsFor,
  withTokenOffice,
} from '@fieldguide/contract-testing';
import { orderId, shipTo } from '@fieldguide/contracts/cast';
import { example } from '@fieldguide/contracts/example';
import { TokenRequest } from '@fieldguide/contracts/identity';
import { keySet, serviceToken, sessionEnded } from '@fieldguide/contracts/identity/examples';
import { DeliveryAddress } from '@fieldguide/contracts/ordering';
import {
  cancellationRequested,
  deliveryAddress,
  erasedAddress,
  orderConfirmed,
} from '@fieldguide/contracts/ordering/examples';
import { MemoryNotifier } from '@fieldguide/database';
import { TokenAnswer } from '@fieldguide/service/testing';
import { describe, expect, it } from 'vitest';
import { OrderingAddresses } from '../src/dispatch-shipment/addresses.ts';
import {
  Requested,
  WhenCancellationIsRequested,
} from '../src/on-cancellation-request/on-cancellation-request.ts';
import { Confirmed, WhenOrderConfirmed } from '../src/on-order-confirmed/on-order-confirmed.ts';
import { Shipment } from '../src/shipment/shipment.entity.ts';

const shipping = new ConsumerPacts('shipping');

expectsOfIdentity(shipping, { keySet, sessionEnded });

describe('shipping, of identity,', () => {
  it('asks for a token in its own name', async () => {
    const credentials = { clientId: 'shipping', clientSecret: 'the-secret-of-shipping' };
    const question = {
      given: ['a service is known', credentials],
      asks: 'a token for a service',
      request: {
        method: 'POST',
        path: '/auth/tokens',
        body: example(TokenRequest, { grantType: 'clientCredentials', ...credentials }),
      },
      answer: { status: 200, reads: TokenAnswer, of: serviceToken },
    } as const;
    const token = await shipping.asks('identity', question, (identity) =>
      peersAt({ identity }, 'shipping', credentials.clientSecret).serviceToken(),
    );
    expect(token).toBe(serviceToken.value.accessToken);
  });
});

describe('shipping, of ordering,', () => {
  const lookUp = {
    method: 'GET',
    path: `/orders/${orderId}/delivery-address`,
    as: 'service',
  } as const;
  const destination = (ordering: string) =>
    withTokenOffice((identity) => {
      const peers = peersAt({ ordering, identity }, 'shipping', 'the-secret-of-shipping');
      return new OrderingAddresses(peers).of(orderId);
    });
  it('asks where an order goes', async () => {
    const question = {
      given: ['an order was placed', { orderId }],
      asks: 'the delivery address of an order',
      request: lookUp,
      answer: { status: 200, reads: DeliveryAddress, of: deliveryAddress },
    } as const;
    const address = await shipping.asks('ordering', question, destination);
    expect(address).toEqual(shipTo);
  });
  it('asks where an order goes whose customer was erased', async () => {
    const question = {
      given: ['the customer of an order was erased', { orderId }],
      asks: 'the delivery address of an order whose customer was erased',
      request: lookUp,
      answer: { status: 200, reads: DeliveryAddress, of: erasedAddress },
    } as const;
    const address = await shipping.asks('ordering', question, destination);
    expect(address).toBeNull();
  });

  const heard = () => {
    const units = unitsFor('shipping');
    const ids = new CountingIds();
    const config = { DISPATCH_DELAY_MS: 0 } as never;
    const confirmed = new WhenOrderConfirmed(config, ids, new MemoryNotifier(new ManualClock()));
    const hear = consumerOf('shipping', units, confirmed, new WhenCancellationIsRequested(ids));
    return { hear, shipment: () => units.run((uow) => uow.load(Shipment, orderId)) };
  };
  it('hears what to send', async () => {
    const { hear, shipment } = heard();
    const given = ['an order was paid for', { orderId }] as const;
    const fact = { given, hears: Confirmed, of: orderConfirmed, subject: orderId };
    await shipping.hears('ordering', fact, hear);
    expect(await shipment()).toMatchObject({ status: 'waiting' });
  });
  it('hears what not to send', async () => {
    const { hear, shipment } = heard();
    const given = ['an order is to be cancelled after it was paid for', { orderId }] as const;
    const fact = { given, hears: Requested, of: cancellationRequested, subject: orderId };
    await shipping.hears('ordering', fact, hear);
    expect(await shipment()).toMatchObject({ status: 'cancelled' });
  });
});
