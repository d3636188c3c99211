import { describe, expect, it } from 'vitest';
import { Health, inSpan, startTracing, traceInto } from './index.ts';

describe('health', () => {
  it('is as bad as the worst dependency', async () => {
    const health = new Health();
    health.register('database', () => 'ok');
    expect((await health.report()).status).toBe('ok');
    health.register('kafka', () => ({ state: 'degraded', detail: 'no broker' }));
    expect((await health.report()).status).toBe('degraded');
    health.register('schema', () => Promise.reject(new Error('older than the code')));
    expect(await health.report()).toEqual({
      status: 'down',
      dependencies: {
        database: { state: 'ok' },
        kafka: { state: 'degraded', detail: 'no broker' },
        schema: { state: 'down', detail: 'older than the code' },
      },
    });
  });
  it('counts silence as down', async () => {
    const health = new Health(5);
    health.register('consul', () => new Promise(() => {}));
    expect((await health.report()).status).toBe('down');
  });
  it('is down while draining', async () => {
    const health = new Health();
    health.drain();
    expect((await health.report()).status).toBe('down');
  });
});

describe('a trace', () => {
  it('goes on from the message that brought it', async () => {
    const stop = await startTracing();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const onward = await inSpan('handle', 'test', {}, async () => traceInto({}), { traceparent });
    expect(onward.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)/);
    await stop();
  });
});
