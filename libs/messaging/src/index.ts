export { DeadLetters } from './dead-letters.ts';
export { EnvelopeSchema } from './envelope-schema.ts';
export { KafkaMessaging } from './kafka-messaging.ts';
export { MemoryMessaging } from './memory-messaging.ts';
export { type Consumer, type Handler, MessageConsumer } from './message-consumer.ts';
export { MessagingModule } from './messaging.module.ts';
export { MessagingStrategy } from './messaging.strategy.ts';
export {
  type IncomingRecord,
  Messaging,
  type OutgoingRecord,
  type Subscription,
} from './messaging.ts';
export {
  consumes,
  type MessageContract,
  type MessageOf,
  OnMessage,
} from './on-message.decorator.ts';
export { CompactedTopics } from './outbox-relay.ts';
export { message, publish } from './outgoing-message.ts';
export { type CurrentState, outboxReader, type RelaySource, startRelay } from './relay.ts';
export { type WaitingKey, waitingKeys } from './waiting-dead-letters.ts';
