import type { Envelope } from '@fieldguide/database';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { z } from 'zod';

/** What a provider promises about a message: `contracts/<provider>` declares it. */
export interface MessageContract<
  Type extends string = string,
  Data extends z.ZodObject = z.ZodObject,
> {
  readonly topic: string;
  readonly type: Type;
  readonly data: Data;
  /**
   * A command is addressed to the one service that consumes its topic: that service parks what it cannot handle. An
   * event is for anybody, so each consumer skips the types that it does not handle.
   */
  readonly kind?: 'command';
}

/** The envelope of a message that was declared with `consumes`, as a handler gets it. */
export type MessageOf<Contract extends MessageContract> = Envelope<
  Contract['type'],
  z.infer<Contract['data']>
>;

/**
 * A contract as one consumer reads it: only the named fields, anything else is ignored. What is not picked may
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
 * Handles a message: the method gets the checked envelope and the unit of work it is part of.
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
