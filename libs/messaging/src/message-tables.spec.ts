import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { messageTablesContract } from './testing/message-tables.contract.ts';
import { outboxOf } from './testing/outbox.ts';

messageTablesContract('in memory', async () => {
  const origin = { service: 'test', clock: new SystemClock(), ids: new SystemIds() };
  const units = new MemoryUnitOfWorkRunner(origin);
  return { units, outgoing: async () => outboxOf(units).map(({ envelope }) => envelope) };
});
