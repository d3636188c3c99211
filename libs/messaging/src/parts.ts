// The classes that MessagingModule provides, for tests and libs.
export { DeadLetters } from './dead-letters.ts';
export { EnvelopeSchema } from './envelope-schema.ts';
export { KafkaMessaging } from './kafka-messaging.ts';
export { MemoryMessaging } from './memory-messaging.ts';
export { type Handler, MessageConsumer } from './message-consumer.ts';
export { MessagingStrategy } from './messaging.strategy.ts';
export type { IncomingRecord, OutgoingRecord, Subscription } from './messaging.ts';
export { outboxReader, type RelaySource, startRelay } from './relay.ts';
