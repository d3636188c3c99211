// The classes that MessagingModule provides, for tests and libs.
export { DeadLetters } from './dead-letters.ts';
export { EnvelopeSchema } from './envelope-schema.ts';
export { KafkaMessaging } from './kafka-messaging.ts';
export { MemoryMessaging } from './memory-messaging.ts';
export { MessageConsumer } from './message-consumer.ts';
export { DeadLetter, OutboxMessage } from './message-tables.entity.ts';
export { inboxRetention, messageTables } from './message-tables.ts';
export { MessagingStrategy } from './messaging.strategy.ts';
export type { IncomingRecord, OutgoingRecord } from './messaging.ts';
export { outboxReader, type Page, type RelaySource, startRelay } from './relay.ts';
