export { ConsumerPacts, type Example, type HttpExpectation } from './consumer.ts';
export {
  consumerOf,
  describeIdentityPacts,
  serviceClientAt,
  unitsFor,
  withTokenServer,
} from './every-service.ts';
