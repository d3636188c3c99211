import { ConsumerPacts, expectsOfIdentity } from '@fieldguide/contract-testing';
import { keySet, sessionEnded } from '@fieldguide/contracts/identity/examples';

expectsOfIdentity(new ConsumerPacts('payment-provider'), { keySet, sessionEnded });
