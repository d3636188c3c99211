import { ConsumerPacts, expectsOfIdentity } from '@fieldguide/contract-testing';
import { keySet, sessionEnded } from '@fieldguide/contracts/identity/examples';

expectsOfIdentity(new ConsumerPacts('gateway'), { keySet, sessionEnded });
