export {
  ConsumerPacts,
  type Example,
  type HttpExpectation,
  type MessageExpectation,
} from './consumer.ts';
export {
  consumerOf,
  expectsOfIdentity,
  peersAt,
  unitsFor,
  withTokenOffice,
} from './every-service.ts';
