import { SystemClock } from '@fieldguide/clock';
import { FixedRegistry } from '@fieldguide/discovery';
import { InstanceFailedError, type TimeLimit } from '@fieldguide/resilience';
import { expect, it } from 'vitest';
import { Forwarding, OutageResponse } from './forwarding.ts';

it('fails for the service until the instance is ejected, then for the instance only', async () => {
  const instances = ['good', 'bad'].map((id) => ({
    id,
    service: 'catalog',
    address: '127.0.0.1',
    port: 1,
    version: '',
  }));
  const registry = new FixedRegistry(instances);
  const outgoing = {
    service: 'catalog',
    method: 'GET',
    route: '/products',
    send: async ({ id }: { id: string }) => ({
      status: id === 'bad' ? 503 : 200,
      hasRetryAfter: false,
    }),
    mayRepeat: () => true,
  };
  const observed = { sentTo: () => undefined, responded: () => undefined };
  const errors: unknown[] = [];
  while (errors.length < 4)
    await new Forwarding(outgoing, registry, new SystemClock(), observed)
      .send({} as TimeLimit)
      .catch((error: unknown) => errors.push(error));
  for (const error of errors.slice(0, 3)) expect(error).toBeInstanceOf(OutageResponse);
  expect(errors[3]).toBeInstanceOf(InstanceFailedError);
  expect((errors[3] as Error).cause).toBeInstanceOf(OutageResponse);
});
