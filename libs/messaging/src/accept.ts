import type { UnitOfWork } from '@fieldguide/database';
import type { Envelope } from './envelope.ts';
import { InboxMessage } from './message-tables.entity.ts';

/**
 * Marks a message as received by this service. What the unit of work adds from here on names it as its cause.
 * @returns false when it was received before
 */
export async function accept(uow: UnitOfWork, message: Envelope): Promise<boolean> {
  uow.continueFrom(message);
  return (await acceptAll(uow, [message])).has(message.id);
}

/** Marks messages as received by this service, with one statement. @returns the ids that were not received before */
export async function acceptAll(
  uow: UnitOfWork,
  messages: readonly Envelope[],
): Promise<Set<string>> {
  const ids = new Set(messages.map(({ id }) => id));
  const rows = [...ids].map((messageId) => Object.assign(new InboxMessage(), { messageId }));
  return new Set(await uow.insertNew(InboxMessage, rows));
}
