import { Traffic } from './traffic.ts';

// The specs' request rates suit a machine that completes this many orders a second.
const ORDERS_PER_SECOND = 7;
const PACE_MIN = 0.1;
const ORDERS = 30;
const IN_FLIGHT = 8;
// Configured wait of each order (DISPATCH_DELAY_MS); it is not part of the work.
const DISPATCH_DELAY_MS = 1_000;

/**
 * Returns the factor for request rates on this machine, from 0.1 to 1, measured with a short closed loop of orders.
 * A rate above the capacity would cause timeouts without a defect.
 */
export async function measurePace(gatewayUrl: string): Promise<number> {
  await completed(gatewayUrl, 'warm-up');
  const startMs = performance.now();
  await completed(gatewayUrl, 'measured');
  const seconds = Math.max(0.1, (performance.now() - startMs - DISPATCH_DELAY_MS) / 1_000);
  const pace = Math.min(1, Math.max(PACE_MIN, ORDERS / seconds / ORDERS_PER_SECOND));
  process.stderr.write(
    `  request rates × ${pace.toFixed(2)}: ${ORDERS} orders took ${seconds.toFixed(1)} s\n`,
  );
  return pace;
}

async function completed(gatewayUrl: string, name: string): Promise<void> {
  const traffic = new Traffic(gatewayUrl, `capacity-${name}`, 1);
  await traffic.signIn();
  const open = await traffic.notCompleted(await traffic.placeAll(ORDERS, IN_FLIGHT));
  if (open.length > 0)
    throw new Error(`${open.length} of ${ORDERS} orders did not complete within a minute`);
}
