// What a service uses. The classes behind it are in `@fieldguide/messaging/parts`.

export type { Envelope, NewMessage } from './envelope.ts';
export { MessagingModule } from './messaging.module.ts';
export { Messaging } from './messaging.ts';
export {
  consumes,
  type MessageContract,
  type MessageOf,
  OnMessage,
} from './on-message.decorator.ts';
export { CompactedTopics } from './outbox-relay.ts';
export { message, publish, publishMessage } from './outgoing-message.ts';
export { Prefetch } from './prefetch.ts';
export type { CurrentState } from './relay.ts';
export { waitingKeys } from './waiting-dead-letters.ts';
