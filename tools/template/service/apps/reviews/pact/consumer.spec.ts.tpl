import { ConsumerPacts, describeIdentityPacts } from '@fieldguide/contract-testing';
import { keySet, sessionEnded } from '@fieldguide/contracts/identity/examples';

describeIdentityPacts(new ConsumerPacts('reviews'), { keySet, sessionEnded });
