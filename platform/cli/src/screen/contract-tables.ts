import { styleText } from 'node:util';
import type {
  DeployabilityResult,
  MatrixRow,
} from '@fieldguide/platform-contract-record/can-i-deploy';
import type { PactToVerify } from '@fieldguide/platform-contract-record/pacts-to-verify';
import { table } from './tables.ts';

const colour = {
  verified: 'green',
  failed: 'red',
  unverified: 'yellow',
  absent: 'yellow',
} as const;

export function matrixTable(rows: readonly MatrixRow[]): string {
  if (rows.length === 0)
    return 'No contracts are published yet.\nTry: npm run test:pact, then fieldguide contracts publish';
  const lines = rows.map(({ consumer, consumerVersion, provider, providerVersion, verdict }) => [
    consumer,
    consumerVersion,
    provider,
    providerVersion ?? '–',
    styleText(colour[verdict], verdict),
  ]);
  return table(['CONSUMER', 'VERSION', 'PROVIDER', 'VERSION', 'RESULT'], lines);
}

export function pactsTable(pacts: readonly PactToVerify[]): string {
  if (pacts.length === 0)
    return 'No pact with this provider is on the main branch or in an environment.';
  const lines = pacts.map(({ consumer, consumerVersion, reason, pending, wip }) => [
    consumer,
    consumerVersion,
    reason,
    pending ? styleText('yellow', wip ? 'pending, in progress' : 'pending') : 'required',
  ]);
  return table(['CONSUMER', 'VERSION', 'REASON', 'STATUS'], lines);
}

export function deployabilityText({
  deployable,
  reasons,
  rows = [],
}: Pick<DeployabilityResult, 'deployable' | 'reasons'> & Partial<DeployabilityResult>): string {
  const verdict = deployable
    ? styleText('green', 'Yes, it can be deployed.')
    : styleText('red', 'No, it cannot be deployed.');
  return [...(rows.length > 0 ? [matrixTable(rows), ''] : []), verdict, ...reasons].join('\n');
}
