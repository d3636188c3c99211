import 'reflect-metadata';
import { SystemClock } from '@fieldguide/clock';
import { MemoryMessaging } from './parts.ts';
import { messagingContract } from './testing/messaging.contract.ts';

let groups = 0;
messagingContract('in memory', async () => {
  const messaging = new MemoryMessaging(new SystemClock());
  return { instance: async () => messaging, group: () => `group-${++groups}` };
});
