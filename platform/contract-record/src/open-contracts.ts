import { BrokerContracts } from './broker-contracts.ts';
import type { Contracts } from './contracts.ts';
import { FileContracts } from './file-contracts.ts';

/** Opens the Pact Broker at PACT_BROKER_BASE_URL, or the file when it is unset. */
export function openContracts(env = process.env): Contracts {
  const { PACT_BROKER_BASE_URL: baseUrl, PACT_BROKER_TOKEN: token } = env;
  return baseUrl ? new BrokerContracts({ baseUrl, token }) : new FileContracts();
}

/** Returns the version of an app in contracts: a prefix of its artifact's digest, so that it names exactly what was tested. */
export const contractVersion = (digest: string) => digest.slice(0, 12);
