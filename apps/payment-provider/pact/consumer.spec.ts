import { ConsumerPacts, expectsOfIdentity } from '@fieldguide/contract-testing';
import { keySet } from '@fieldguide/contracts/identity/examples';

expectsOfIdentity(new ConsumerPacts('payment-provider'), { keySet });
