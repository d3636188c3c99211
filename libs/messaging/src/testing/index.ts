export { handlersOf } from './handlers.ts';
export { envelope } from './messaging.contract.ts';
export { outboxOf } from './outbox.ts';
