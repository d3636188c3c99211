import { ManualClock } from '@fieldguide/clock/testing';
import {
  ConsumerPacts,
  consumerOf,
  describeIdentityPacts,
  unitsFor,
} from '@fieldguide/contract-testing';
import { productChanged } from '@fieldguide/contracts/catalog/examples';
import { hammock } from '@fieldguide/contracts/example-data';
import { keySet, sessionEnded } from '@fieldguide/contracts/identity/examples';
import { expect, it } from 'vitest';
import { ResponseCache } from '../src/cache/response-cache.ts';
import { Changed, OnProductChanged } from '../src/on-product-changed/on-product-changed.ts';

const gateway = new ConsumerPacts('gateway');

describeIdentityPacts(gateway, { keySet, sessionEnded });

it('gateway, of catalog, consumes changed products', async () => {
  const message = {
    given: ['a product was repriced', { productId: hammock }],
    message: Changed,
    of: productChanged,
    subject: hammock,
  } as const;
  const cache = new ResponseCache(new ManualClock(), 10_000);
  const path = `/products/${hammock}`;
  const read = async () => {
    const headers = ['cache-control', 'public, max-age=5'];
    const answer = await cache.get(path, path, async () => ({
      ...{ status: 200, headers, body: Buffer.alloc(0) },
    }));
    return answer.cacheStatus;
  };
  await read();
  expect(await read()).toContain('hit');
  const handler = new OnProductChanged(cache);
  await gateway.message('catalog', message, consumerOf('gateway', unitsFor('gateway'), handler));
  expect(await read()).toContain('fwd=stale');
});
