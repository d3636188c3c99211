export {
  ConsumerPacts,
  type Example,
  type HttpExpectation,
  type MessageExpectation,
} from './consumer.ts';
export {
  consumerOf,
  describeIdentityPacts,
  serviceClientAt,
  unitsFor,
  withTokenServer,
} from './every-service.ts';
