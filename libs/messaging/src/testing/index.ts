export { envelope, messagingContract, TOPICS } from './messaging.contract.ts';
