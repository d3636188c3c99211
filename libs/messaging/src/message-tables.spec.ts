import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { messageTablesContract } from './testing/message-tables.contract.ts';

messageTablesContract('in memory', async () => {
  const origin = { service: 'test', clock: new SystemClock(), ids: new SystemIds() };
  return new MemoryUnitOfWorkRunner(origin);
});
