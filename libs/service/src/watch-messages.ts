import type { BackgroundLoop } from '@fieldguide/database';
import { countWaiting, outboxBacklog } from '@fieldguide/messaging';
import { metrics } from '@fieldguide/telemetry';
import type { Parts } from './parts.ts';
import { type Backlog, watchBacklog, watchCount } from './watch-backlog.ts';

/** Watches outbox and dead letters on every instance, so that a backlog is visible also while no worker runs. */
export function watchMessages(
  parts: Pick<Parts, 'database' | 'messaging' | 'notifier' | 'clock' | 'log' | 'health'>,
  everyMs?: number,
): BackgroundLoop[] {
  const { database, messaging, notifier, clock, log, health } = parts;
  if (!database || !messaging || !notifier) return [];
  const loop = { notifier, clock, log, health, ...(everyMs && { everyMs }) };
  const setOutbox = ({ count, oldestSeconds }: Backlog) => {
    metrics.outboxMessages.set(count);
    metrics.outboxOldestAgeSeconds.set(oldestSeconds);
  };
  return [
    watchBacklog('outbox', () => outboxBacklog(database), loop, setOutbox),
    watchCount(
      'dead-letters',
      () => countWaiting(database),
      loop,
      (count) => metrics.deadLettersWaiting.set(count),
    ),
  ];
}
