import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import type { ContractRecord } from './record.ts';

/** A consumer version and a provider version that would run together, with the verification of their pact. */
export interface MatrixRow {
  readonly consumer: string;
  readonly consumerVersion: string;
  readonly provider: string;
  /** Undefined: no version of the provider is in the environment. */
  readonly providerVersion: string | undefined;
  /** `absent`: the provider is not in the environment; `unverified`: the pact has not been verified yet. */
  readonly verdict: 'verified' | 'failed' | 'unverified' | 'absent';
}

export interface DeployabilityResult {
  readonly deployable: boolean;
  readonly rows: readonly MatrixRow[];
  /** For people: each blocker with what to try, or why the deployment is allowed. */
  readonly reasons: readonly string[];
}

export interface PacticipantVersion {
  readonly pacticipant: string;
  readonly version: string;
}

/**
 * Checks whether versions can be deployed to an environment. Each provider deployed there must have verified their
 * pacts, and they must have verified the pacts of each consumer deployed there. Versions that are deployed together count
 * as deployed: two that need each other cannot be deployed one by one.
 * @throws CliError for an unknown version or environment
 */
export function canIDeploy(
  record: ContractRecord,
  { together, environment }: { together: readonly PacticipantVersion[]; environment: string },
): DeployabilityResult {
  assertHasVersions(record);
  parseChoice('environment of the record', environment, record.environments);
  for (const { pacticipant, version } of together) assertKnownVersion(record, pacticipant, version);
  const present = (pacticipant: string) => {
    const deployedTogether = together.filter((each) => each.pacticipant === pacticipant);
    return deployedTogether.length > 0
      ? deployedTogether.map(({ version }) => version)
      : record.present(pacticipant, environment);
  };
  const all = together.flatMap((each) => [
    ...asConsumer(record, each, present),
    ...asProvider(record, each, present),
  ]);
  const rows = [...new Map(all.map((row) => [JSON.stringify(row), row])).values()];
  const blocking = rows.filter(({ verdict }) => verdict !== 'verified');
  const reasons =
    blocking.length > 0
      ? blocking.map((row) => explainBlocker(row, record, environment))
      : [explainDeployable(rows, environment)];
  return { deployable: blocking.length === 0, rows, reasons };
}

/** Returns every pair of versions with a pact, with its verification; newest first. */
export function matrix(record: ContractRecord, pacticipant?: string): readonly MatrixRow[] {
  const rows = record.pacticipants.flatMap((provider) =>
    record.pactsWith(provider).flatMap(({ consumer, consumerVersion, pact }): MatrixRow[] => {
      const verifications = record.verifications(provider).filter((each) => each.pact === pact);
      const versions = [...new Set(verifications.map(({ providerVersion }) => providerVersion))];
      const pair = { consumer, consumerVersion, provider };
      if (versions.length === 0)
        return [{ ...pair, providerVersion: undefined, verdict: 'unverified' }];
      return versions.map((providerVersion) => ({
        ...pair,
        providerVersion,
        verdict: record.verdict(pact, provider, providerVersion) ? 'verified' : 'failed',
      }));
    }),
  );
  return rows
    .filter((row) => !pacticipant || row.consumer === pacticipant || row.provider === pacticipant)
    .toReversed();
}

type PresentVersions = (pacticipant: string) => readonly string[];

function asConsumer(
  record: ContractRecord,
  { pacticipant: consumer, version: consumerVersion }: PacticipantVersion,
  present: PresentVersions,
): MatrixRow[] {
  return record.pactsOf(consumer, consumerVersion).flatMap(({ provider, pact }): MatrixRow[] => {
    const pair = { consumer, consumerVersion, provider };
    const presentVersions = present(provider);
    if (presentVersions.length === 0)
      return [{ ...pair, providerVersion: undefined, verdict: 'absent' }];
    return presentVersions.map((providerVersion) => ({
      ...pair,
      providerVersion,
      verdict: verdictOf(record, pact, provider, providerVersion),
    }));
  });
}

function asProvider(
  record: ContractRecord,
  { pacticipant: provider, version: providerVersion }: PacticipantVersion,
  present: PresentVersions,
): MatrixRow[] {
  const consumers = [...new Set(record.pactsWith(provider).map(({ consumer }) => consumer))];
  return consumers.flatMap((consumer) =>
    present(consumer).flatMap((consumerVersion) =>
      record
        .pactsOf(consumer, consumerVersion)
        .filter((each) => each.provider === provider)
        .map(({ pact }) => ({
          consumer,
          consumerVersion,
          provider,
          providerVersion,
          verdict: verdictOf(record, pact, provider, providerVersion),
        })),
    ),
  );
}

function verdictOf(
  record: ContractRecord,
  pact: string,
  provider: string,
  version: string,
): MatrixRow['verdict'] {
  const found = record.verdict(pact, provider, version);
  if (found === undefined) return 'unverified';
  return found ? 'verified' : 'failed';
}

function explainBlocker(row: MatrixRow, record: ContractRecord, environment: string): string {
  const { consumer, consumerVersion, provider, providerVersion, verdict } = row;
  const consumerName = `${consumer} ${consumerVersion}`;
  if (verdict === 'absent') {
    const isMutual = record.pactsWith(consumer).some((each) => each.consumer === provider);
    const remedy = isMutual
      ? `The two need each other: check both together (--pacticipant … --version … twice, or --everything).`
      : `Deploy ${provider} first: a provider without deployed consumers needs no verification.`;
    return `${consumerName} needs ${provider}, and no version of ${provider} is in ${environment}. ${remedy}`;
  }
  const pair = `${provider} ${providerVersion} and ${consumerName}`;
  return verdict === 'failed'
    ? `${provider} ${providerVersion} failed the verification of the pact with ${consumerName}.`
    : `The pact between ${pair} has not been verified. Run the provider's contract tests with this pact, and publish the result.`;
}

function explainDeployable(rows: readonly MatrixRow[], environment: string): string {
  if (rows.length === 1) return `The only pact with the versions in ${environment} is verified.`;
  return rows.length > 0
    ? `All ${rows.length} pacts with the versions in ${environment} are verified.`
    : `There are no pacts with the versions in ${environment}: nothing has to be verified.`;
}

function assertHasVersions(record: ContractRecord): void {
  if (record.pacticipants.length > 0) return;
  throw new CliError(
    'The contract record is empty: no version has been published yet.',
    'run npm run test:pact, then fieldguide contracts publish',
  );
}

function assertKnownVersion(record: ContractRecord, pacticipant: string, version: string): void {
  parseChoice('pacticipant', pacticipant, record.pacticipants);
  const known = record.versions(pacticipant).map((each) => each.version);
  if (!known.includes(version))
    throw new CliError(
      `The contract record has no version ${version} of ${pacticipant} (the latest: ${known.at(-1)}).`,
      'run npm run test:pact, then fieldguide contracts publish',
    );
}
