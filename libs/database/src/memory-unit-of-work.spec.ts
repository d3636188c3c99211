import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { MemoryUnitOfWorkRunner } from './parts.ts';
import { unitOfWorkContract } from './testing/unit-of-work.contract.ts';

unitOfWorkContract('in memory', async () => {
  const units = new MemoryUnitOfWorkRunner({
    service: 'test',
    clock: new SystemClock(),
    ids: new SystemIds(),
  });
  return {
    units,
    lease: async (name, epoch) => {
      units.leases.set(name, epoch);
    },
  };
});
