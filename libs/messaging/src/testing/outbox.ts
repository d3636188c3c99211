import type { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { OutboxMessage } from '../message-tables.entity.ts';

/** What a relay would send, in order. */
export const outboxOf = (units: MemoryUnitOfWorkRunner): readonly OutboxMessage[] =>
  units.rows(OutboxMessage);
