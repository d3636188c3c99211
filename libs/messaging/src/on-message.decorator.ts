import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { z } from 'zod';
import type { Envelope } from './envelope.ts';

/** The contract of a message: `contracts/<provider>` declares it. */
export interface MessageContract<
  Type extends string = string,
  Data extends z.ZodObject = z.ZodObject,
> {
  readonly topic: string;
  /** The services that may publish on the topic: a message of another source is refused. */
  readonly senders: readonly string[];
  readonly type: Type;
  readonly data: Data;
  /**
   * A command is addressed to the one service that consumes its topic: that service parks what it cannot handle. An
   * event has any number of consumers, so each skips the types that it does not handle.
   */
  readonly kind?: 'command';
}

/** The envelope that a handler receives of a message declared with `consumes`. */
export type MessageOf<Contract extends MessageContract> = Envelope<
  Contract['type'],
  z.infer<Contract['data']>
>;

/**
 * Selects the fields of a contract that one consumer reads; others are ignored and may
 * change without breaking this consumer.
 */
export function consumes<
  Type extends string,
  Data extends z.ZodObject,
  const Mask extends keyof z.infer<Data> & string,
>({ data, ...contract }: MessageContract<Type, Data>, ...fields: readonly Mask[]) {
  const mask = Object.fromEntries(fields.map((field) => [field, true]));
  return { ...contract, data: data.pick(mask as never) } as unknown as MessageContract<
    Type,
    z.ZodObject<Pick<Data['shape'], Mask>>
  >;
}

/**
 * Handles a message: the method receives the validated envelope and the current unit of work.
 * `broadcast` reaches every instance, has no inbox and no unit of work.
 */
export function OnMessage(
  contract: MessageContract,
  mode: 'shared' | 'broadcast' = 'shared',
): MethodDecorator {
  const pattern = EventPattern(`${contract.topic}/${contract.type}`, undefined as never, {
    contract,
    mode,
  });
  return (target, method, descriptor) => {
    Payload()(target, method, 0);
    Ctx()(target, method, 1);
    return (pattern as MethodDecorator)(target, method, descriptor);
  };
}
