export { handlersOf } from './handlers.ts';
export { envelope, messagingContract, TOPICS } from './messaging.contract.ts';
export { outboxOf } from './outbox.ts';
