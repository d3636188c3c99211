import type { UnitOfWork } from '@fieldguide/database';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';
import type { Envelope } from '../envelope.ts';
import type { Handler } from '../message-consumer.ts';
import type { MessageContract } from '../on-message.decorator.ts';

type Method = (message: Envelope, uow: UnitOfWork) => Promise<void>;

/** Reads the `@OnMessage` handlers of controllers, for a consumer without Nest: simulation and contract tests. */
export function handlersOf(...controllers: readonly object[]): Handler[] {
  return controllers.flatMap((controller) => {
    const prototype = Object.getPrototypeOf(controller) as Record<string, Method>;
    return Object.getOwnPropertyNames(prototype).flatMap((name) => {
      const extras = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, prototype[name]!) as
        | { contract: MessageContract }
        | undefined;
      if (!extras) return [];
      const handle: Method = (message, uow) => prototype[name]!.call(controller, message, uow);
      return [{ contract: extras.contract, handle }];
    });
  });
}
