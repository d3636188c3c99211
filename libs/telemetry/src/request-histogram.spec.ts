import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { RequestHistogram } from './request-histogram.ts';

it('is a histogram of Prometheus: cumulative buckets, sum and count for each combination of labels', async () => {
  const registry = new Registry();
  const own = new RequestHistogram({
    name: 'took_seconds',
    help: 'Time',
    labelNames: ['route', 'status', 'error'],
    buckets: [0.1, 1],
    registers: [registry],
  });
  for (const seconds of [0.1, 0.5, 2]) own.observe(seconds, ['/a', 200, undefined]);
  own.observe(0, ['/a', 500, 'x']);
  expect(await registry.metrics()).toBe(`# HELP took_seconds Time
# TYPE took_seconds histogram
took_seconds_bucket{le="0.1",route="/a",status="200"} 1
took_seconds_bucket{le="1",route="/a",status="200"} 2
took_seconds_bucket{le="+Inf",route="/a",status="200"} 3
took_seconds_sum{route="/a",status="200"} 2.6
took_seconds_count{route="/a",status="200"} 3
took_seconds_bucket{le="0.1",route="/a",status="500",error="x"} 1
took_seconds_bucket{le="1",route="/a",status="500",error="x"} 1
took_seconds_bucket{le="+Inf",route="/a",status="500",error="x"} 1
took_seconds_sum{route="/a",status="500",error="x"} 0
took_seconds_count{route="/a",status="500",error="x"} 1
`);
});
