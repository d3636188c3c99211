import { CountingIds } from '@fieldguide/clock/testing';
import {
  ConsumerPacts,
  consumerOf,
  describeIdentityPacts,
  serviceClientAt,
  unitsFor,
  withTokenServer,
} from '@fieldguide/contract-testing';
import { example } from '@fieldguide/contracts/example';
import { orderId, shipTo } from '@fieldguide/contracts/example-data';
import { TokenRequest } from '@fieldguide/contracts/identity';
import { keySet, serviceToken, sessionEnded } from '@fieldguide/contracts/identity/examples';
import { DeliveryAddressList } from '@fieldguide/contracts/ordering';
import {
  cancellationRequested,
  deliveryAddresses,
  erasedAddresses,
  orderConfirmed,
} from '@fieldguide/contracts/ordering/examples';
import { TokenResponse } from '@fieldguide/service/testing';
import { describe, expect, it } from 'vitest';
import { OrderingAddresses } from '../src/dispatch-shipment/delivery-addresses.ts';
import {
  OnCancellationRequest,
  Requested,
} from '../src/on-cancellation-request/on-cancellation-request.ts';
import { Confirmed, OnOrderConfirmed } from '../src/on-order-confirmed/on-order-confirmed.ts';
import { Shipment } from '../src/shipment/shipment.entity.ts';

const shipping = new ConsumerPacts('shipping');

describeIdentityPacts(shipping, { keySet, sessionEnded });

describe('shipping, of identity,', () => {
  it('requests a service token', async () => {
    const credentials = { clientId: 'shipping', clientSecret: 'the-secret-of-shipping' };
    const interaction = {
      given: ['a service is known', credentials],
      description: 'a token for a service',
      request: {
        method: 'POST',
        path: '/auth/tokens',
        body: example(TokenRequest, { grantType: 'clientCredentials', ...credentials }),
      },
      response: { status: 200, reads: TokenResponse, of: serviceToken },
    } as const;
    const token = await shipping.request('identity', interaction, (identity) =>
      serviceClientAt({ identity }, 'shipping', credentials.clientSecret).serviceToken(),
    );
    expect(token).toBe(serviceToken.value.accessToken);
  });
});

describe('shipping, of ordering,', () => {
  const unknown = '01900000-0000-8000-8000-00000000000b';
  const request = {
    method: 'GET',
    path: '/delivery-addresses',
    query: { orderIds: `${orderId},${unknown}` },
    as: 'service',
  } as const;
  const destinations = (ordering: string) =>
    withTokenServer((identity) => {
      const peers = serviceClientAt({ ordering, identity }, 'shipping', 'the-secret-of-shipping');
      return new OrderingAddresses(peers).of([orderId, unknown]);
    });
  it('fetches the delivery addresses of those orders that exist', async () => {
    const interaction = {
      given: ['an order was placed', { orderId }],
      description: 'the delivery addresses of two orders, one of which does not exist',
      request,
      response: { status: 200, reads: DeliveryAddressList, of: deliveryAddresses },
    } as const;
    const addresses = await shipping.request('ordering', interaction, destinations);
    expect(addresses).toEqual(new Map([[orderId, shipTo]]));
  });
  it('fetches the delivery address of an erased customer', async () => {
    const interaction = {
      given: ['the customer of an order was erased', { orderId }],
      description: 'the delivery addresses of two orders, one of an erased customer',
      request,
      response: { status: 200, reads: DeliveryAddressList, of: erasedAddresses },
    } as const;
    const addresses = await shipping.request('ordering', interaction, destinations);
    expect(addresses).toEqual(new Map([[orderId, null]]));
  });

  const startConsumer = () => {
    const units = unitsFor('shipping');
    const ids = new CountingIds();
    const config = { DISPATCH_DELAY_MS: 0 } as never;
    const confirmed = new OnOrderConfirmed(config, ids);
    const receive = consumerOf('shipping', units, confirmed, new OnCancellationRequest(ids));
    return { receive, shipment: () => units.run((uow) => uow.load(Shipment, orderId)) };
  };
  it('consumes confirmed orders', async () => {
    const { receive, shipment } = startConsumer();
    const given = ['an order was paid for', { orderId }] as const;
    const message = { given, message: Confirmed, of: orderConfirmed, subject: orderId };
    await shipping.message('ordering', message, receive);
    expect(await shipment()).toMatchObject({ status: 'waiting' });
  });
  it('consumes requested cancellations', async () => {
    const { receive, shipment } = startConsumer();
    const given = ['an order is to be cancelled after it was paid for', { orderId }] as const;
    const message = { given, message: Requested, of: cancellationRequested, subject: orderId };
    await shipping.message('ordering', message, receive);
    expect(await shipment()).toMatchObject({ status: 'cancelled' });
  });
});
