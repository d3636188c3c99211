import type { Envelope, Lease, UnitsOfWork } from '@fieldguide/database';
import type { EventStore, RecordedEvent } from './event-store.ts';
import { Checkpoint, checkpointOf } from './projection.ts';

const BATCH = 200;

/**
 * The log as the outbox: what a relay reads from when private events become published messages. The messages of an
 * event must have the same ids each time it is translated, because a crash between sending and checkpoint sends
 * them again.
 */
export function feedSource(
  name: string,
  store: EventStore,
  units: UnitsOfWork,
  translate: (event: RecordedEvent) => Promise<readonly { topic: string; envelope: Envelope }[]>,
) {
  let next: string | undefined;
  return {
    name,
    channel: 'feed',
    async read() {
      const from = await units.run((uow) => uow.load(Checkpoint, name));
      const { events, position } = await store.feed(from?.position ?? '0', BATCH);
      next = position;
      const said = await Promise.all(events.map(translate));
      return { messages: said.flat(), count: events.length };
    },
    /** Only after the transport has them all. */
    async done(lease: Lease): Promise<void> {
      await units.run(async (uow) => {
        await uow.holding(lease);
        const checkpoint = (await uow.load(Checkpoint, name)) ?? checkpointOf(name);
        checkpoint.position = next ?? checkpoint.position;
        await uow.save(Checkpoint, checkpoint);
      });
    },
  };
}
