import { BrokerContracts } from './broker-contracts.ts';
import type { Contracts } from './contracts.ts';
import { FileContracts } from './file-contracts.ts';

/** A Pact Broker when PACT_BROKER_BASE_URL names one, else the file. */
export function openContracts(env = process.env): Contracts {
  const { PACT_BROKER_BASE_URL: baseUrl, PACT_BROKER_TOKEN: token } = env;
  return baseUrl ? new BrokerContracts({ baseUrl, token }) : new FileContracts();
}

/** What somebody is called in contracts: the artifact that runs, so that a version is exactly what was tested. */
export const contractVersion = (digest: string) => digest.slice(0, 12);
