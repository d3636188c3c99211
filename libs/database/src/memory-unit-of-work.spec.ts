import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { MemoryUnitsOfWork } from './index.ts';
import { unitsOfWorkContract } from './testing/unit-of-work.contract.ts';

unitsOfWorkContract('in memory', async () => {
  const units = new MemoryUnitsOfWork({
    service: 'test',
    clock: new SystemClock(),
    ids: new SystemIds(),
  });
  return {
    units,
    outgoing: async () => units.outbox.map(({ envelope }) => envelope),
    lease: async (name, epoch) => {
      units.leases.set(name, epoch);
    },
  };
});
