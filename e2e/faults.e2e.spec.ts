import type { Fault } from '@fieldguide/platform-controller/faults/fault';
import { expect, it } from 'vitest';
import { instances, platform } from './running-platform.ts';
import { send } from './shop.ts';

const start = (body: object) => platform().call<Fault>('POST', '/faults', { force: true, ...body });
const stop = ({ id }: Fault) => platform().call('DELETE', `/faults/${id}`);
const timed = async (path: string) => {
  const startMs = performance.now();
  const { status } = await send('GET', path);
  return { status, ms: performance.now() - startMs };
};

it('latency', async () => {
  for (const [target, to] of [
    ['catalog', 'postgres'],
    ['catalog', undefined],
    ['ordering', 'kafka'],
    ['gateway', undefined],
    ['payments', 'payment-provider'],
    ['payment-provider', undefined],
    ['shipping', 'consul'],
  ] as const) {
    const t0 = performance.now();
    const fault = await start({ kind: 'latency', target, ...(to && { to }), delayMs: 400 });
    console.log(
      fault.title,
      'started in',
      Math.round(performance.now() - t0),
      await timed('/products?limit=1'),
    );
    const t1 = performance.now();
    await stop(fault);
    console.log('stopped in', Math.round(performance.now() - t1), await timed('/products?limit=1'));
  }
  expect(await instances('catalog')).toHaveLength(1);
});
it('down', async () => {
  for (const target of ['catalog', 'consul', 'kafka', 'postgres']) {
    const t0 = performance.now();
    const fault = await start({ kind: 'down', target });
    console.log(
      fault.title,
      'started in',
      Math.round(performance.now() - t0),
      await timed('/products?limit=1'),
    );
    const t1 = performance.now();
    await stop(fault);
    console.log('stopped in', Math.round(performance.now() - t1), await timed('/products?limit=1'));
  }
});
