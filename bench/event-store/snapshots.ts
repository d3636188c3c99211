import type { Decider, DomainCommand } from '@fieldguide/event-store';
import { type Order, type OrderEvent, order, orderPlaced } from '@fieldguide/simulation/order-log';
import { ratio } from '../statistics.ts';
import type { Settings } from './bench.ts';
import { ours } from './contenders.ts';
import { freshDatabase } from './databases.ts';
import { type Block, block } from './measure.ts';
import { type Measured, reported } from './report.ts';

const SIZES = [10, 30, 100, 300, 1_000, 3_000];
const EVERY = 100;
/** Events since the snapshot: on average half of the interval. */
const SINCE = EVERY / 2;

type Inspecting = Decider<Order, DomainCommand<'Inspect'>, OrderEvent>;
const inspecting: Inspecting = { ...order, decide: { Inspect: () => [] } };

/** Compares commands on long streams with and without a snapshot, to find the length from which snapshots pay off. */
export async function snapshots({ url, rounds, blockMs }: Settings): Promise<Measured> {
  const { contender, store } = await ours(await freshDatabase(url, 'bench_snapshots'));
  const lines = [];
  for (const size of SIZES) {
    const retried: OrderEvent = {
      type: 'CheckoutRetried',
      data: { step: 'confirmed', send: ['confirmOrder'] },
    };
    const events = [orderPlaced, ...Array.from({ length: size - 1 }, () => retried)];
    const stream = `order-${size}`;
    await store.append({ stream, expected: 0, events });
    const snapshots = { every: EVERY, format: 1 };
    const version = Math.max(1, size - SINCE);
    const state = { ...order.initial, status: 'placed', placed: orderPlaced.data };
    await store.saveSnapshot({ stream, version, format: snapshots.format, state });
    const inspect = (decider: Inspecting) =>
      store.handle(decider, String(size), { type: 'Inspect', data: {} });
    const [whole, snapshotted]: [Block[], Block[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      const [a, b] = [
        await block(() => inspect(inspecting), 4, blockMs / 2),
        await block(() => inspect({ ...inspecting, snapshots }), 4, blockMs / 2),
      ];
      if (round === 0) continue; // warm-up
      whole.push(a);
      snapshotted.push(b);
    }
    const faster = ratio(
      snapshotted.map((each) => each.perSecond),
      whole.map((each) => each.perSecond),
    );
    lines.push(
      reported(
        `a command to a stream of ${size}: from a snapshot, × reading the whole stream`,
        faster,
      ),
    );
  }
  await contender.close();
  return { lines };
}
