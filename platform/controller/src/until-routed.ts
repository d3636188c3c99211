import { Fault } from '@fieldguide/platform-host/fault';
import { until } from '@fieldguide/platform-host/processes/child';

const ROUTED_WITHIN_MS = 30_000;
// One route for each way that a first request takes.
const PROBES = [
  '/products?limit=1',
  '/.well-known/jwks.json',
  '/stock/01900000-0000-7000-8000-000000000001',
];

/** Healthy is not ready: the gateway must have heard of every service before anybody is told to try it. */
export async function untilRouted(gatewayUrl: string, isStopping: () => boolean): Promise<void> {
  for (const path of PROBES) {
    let last = 'no answer';
    const routed = await until(async () => {
      if (isStopping()) return true;
      const signal = AbortSignal.timeout(5_000);
      const answer = await fetch(gatewayUrl + path, { signal }).catch(() => undefined);
      last = answer ? `status ${answer.status}` : 'no answer';
      return answer !== undefined && answer.status < 500;
    }, ROUTED_WITHIN_MS);
    if (!routed) {
      throw new Fault(
        `The gateway gives ${last} for ${path}, though every app is ready.`,
        'fieldguide logs gateway',
      );
    }
  }
}
