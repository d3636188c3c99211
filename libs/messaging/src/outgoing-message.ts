import type { UnitOfWork } from '@fieldguide/database';
import { traceInto } from '@fieldguide/telemetry';
import type { z } from 'zod';
import type { Envelope, NewMessage } from './envelope.ts';
import { OutboxMessage } from './message-tables.entity.ts';
import type { MessageContract } from './on-message.decorator.ts';

type Immutable<Value> = Value extends readonly (infer Each)[]
  ? readonly Immutable<Each>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Immutable<Value[Key]> }
    : Value;
type DataOf<Contract extends MessageContract> = Immutable<z.input<Contract['data']>>;

/**
 * Builds a message as its contract declares it: a field that the contract does not have is not sent.
 * @param subject the aggregate that the message is about; its messages stay in order
 * @throws ZodError when a value contradicts the contract
 */
export function message<Contract extends MessageContract>(
  contract: Contract,
  subject: string,
  data: DataOf<Contract>,
): NewMessage {
  const { topic, type, data: schema } = contract;
  return { topic, type, subject, data: schema.parse(data) };
}

/**
 * Adds a message to the outbox of a unit of work: stored with its changes, sent after the commit.
 * @throws ZodError when a value contradicts the contract
 */
export function publish<Contract extends MessageContract>(
  uow: UnitOfWork,
  contract: Contract,
  subject: string,
  data: DataOf<Contract>,
): void {
  publishMessage(uow, message(contract, subject, data));
}

/** Publishes a message that `message` has built, as `publish` does: with the cause and the trace of this unit of work. */
export function publishMessage(uow: UnitOfWork, { topic, type, subject, data }: NewMessage): void {
  const { service, clock, ids } = uow.origin;
  const id = ids.next();
  const envelope: Envelope = {
    specversion: '1.0',
    id,
    source: `/${service}`,
    type,
    subject,
    time: clock.now().toISOString(),
    datacontenttype: 'application/json',
    data,
    correlationid: uow.causation?.correlationid ?? id,
    ...(uow.causation && { causationid: uow.causation.id }),
  };
  const outgoing = { topic, envelope: traceInto({ ...envelope }) as Envelope };
  uow.append(OutboxMessage, Object.assign(new OutboxMessage(), outgoing));
  uow.notify('outbox');
}
