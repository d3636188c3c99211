import type { UnitOfWork } from '@fieldguide/database';
import type { Envelope } from './envelope.ts';
import type { MessageContract } from './on-message.decorator.ts';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/**
 * Reads in advance what the handlers of a chunk of messages will load, with one statement for each table. A service may
 * provide one; without it, each handler reads for itself.
 */
export abstract class Prefetch {
  /** @param messages those that are about to be handled; their data is not validated yet */
  abstract prefetch(messages: readonly Envelope[], uow: UnitOfWork): Promise<void>;

  /** The subjects of the messages of these contracts; one that is no UUID is left to its handler. */
  protected subjects(
    messages: readonly Envelope[],
    ...contracts: readonly MessageContract[]
  ): string[] {
    const types = new Set(contracts.map(({ type }) => type));
    return messages
      .filter(({ type, subject }) => types.has(type) && UUID.test(subject))
      .map(({ subject }) => subject);
  }
}
