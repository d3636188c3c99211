import type { UnitOfWork } from '@fieldguide/database';
import type { Envelope } from './envelope.ts';
import { InboxMessage } from './message-tables.entity.ts';

/**
 * Marks a message as received by this service. What the unit of work adds from here on names it as its cause.
 * @returns false when it was received before
 */
export async function accept(uow: UnitOfWork, message: Envelope): Promise<boolean> {
  uow.continueFrom(message);
  const { id: messageId } = message;
  return uow.insert(InboxMessage, Object.assign(new InboxMessage(), { messageId }));
}
