import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import type { ContractRecord } from './record.ts';

/** One pair that would meet: whether they understand each other. */
export interface MatrixRow {
  readonly consumer: string;
  readonly consumerVersion: string;
  readonly provider: string;
  /** Undefined: no version of it is there. */
  readonly providerVersion: string | undefined;
  /** `absent`: the provider is not there; `unverified`: nobody has asked yet. */
  readonly verdict: 'verified' | 'failed' | 'unverified' | 'absent';
}

export interface Answer {
  readonly deployable: boolean;
  readonly rows: readonly MatrixRow[];
  /** For people, what stands in the way and what to try; or why nothing does. */
  readonly reasons: readonly string[];
}

export interface Wanted {
  readonly pacticipant: string;
  readonly version: string;
}

/**
 * Whether versions can live in an environment with those who are there: their own expectations must have been verified by
 * each provider that is there, and they must have verified what each consumer that is there expects of them. Several
 * that come together count as being there: two that need each other could never come one by one.
 * @throws CliError for a version or an environment that nobody has heard of
 */
export function canIDeploy(
  record: ContractRecord,
  { together, environment }: { together: readonly Wanted[]; environment: string },
): Answer {
  mustHaveFacts(record);
  parseChoice('environment of the record', environment, record.environments);
  for (const { pacticipant, version } of together) mustBeKnown(record, pacticipant, version);
  const present = (pacticipant: string) => {
    const coming = together.filter((each) => each.pacticipant === pacticipant);
    return coming.length > 0
      ? coming.map(({ version }) => version)
      : record.present(pacticipant, environment);
  };
  const all = together.flatMap((each) => [
    ...asConsumer(record, each, present),
    ...asProvider(record, each, present),
  ]);
  const rows = [...new Map(all.map((row) => [JSON.stringify(row), row])).values()];
  const inTheWay = rows.filter(({ verdict }) => verdict !== 'verified');
  const reasons =
    inTheWay.length > 0
      ? inTheWay.map((row) => explained(row, record, environment))
      : [whyNothing(rows, environment)];
  return { deployable: inTheWay.length === 0, rows, reasons };
}

/** Every pair of versions that a pact connects, with what was found; newest first. */
export function matrix(record: ContractRecord, pacticipant?: string): readonly MatrixRow[] {
  const rows = record.pacticipants.flatMap((provider) =>
    record.pactsWith(provider).flatMap(({ consumer, consumerVersion, pact }): MatrixRow[] => {
      const asked = record.verifications(provider).filter((each) => each.pact === pact);
      const versions = [...new Set(asked.map(({ providerVersion }) => providerVersion))];
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

type Present = (pacticipant: string) => readonly string[];

function asConsumer(
  record: ContractRecord,
  { pacticipant: consumer, version: consumerVersion }: Wanted,
  present: Present,
): MatrixRow[] {
  return record.pactsOf(consumer, consumerVersion).flatMap(({ provider, pact }): MatrixRow[] => {
    const pair = { consumer, consumerVersion, provider };
    const there = present(provider);
    if (there.length === 0) return [{ ...pair, providerVersion: undefined, verdict: 'absent' }];
    return there.map((providerVersion) => ({
      ...pair,
      providerVersion,
      verdict: verdictOf(record, pact, provider, providerVersion),
    }));
  });
}

function asProvider(
  record: ContractRecord,
  { pacticipant: provider, version: providerVersion }: Wanted,
  present: Present,
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

function explained(row: MatrixRow, record: ContractRecord, environment: string): string {
  const { consumer, consumerVersion, provider, providerVersion, verdict } = row;
  const consumerIs = `${consumer} ${consumerVersion}`;
  if (verdict === 'absent') {
    const needsBack = record.pactsWith(consumer).some((each) => each.consumer === provider);
    const remedy = needsBack
      ? `The two need each other: ask for both at once (--pacticipant … --version … twice, or --everything).`
      : `Deploy ${provider} first: a provider can go where nobody asks it anything yet.`;
    return `${consumerIs} needs ${provider}, and no version of ${provider} is in ${environment}. ${remedy}`;
  }
  const pair = `${provider} ${providerVersion} and ${consumerIs}`;
  return verdict === 'failed'
    ? `${provider} ${providerVersion} does not keep what ${consumerIs} expects of it.`
    : `Nobody has verified ${pair} against each other. Run the provider's contract tests with this pact, and publish the result.`;
}

function whyNothing(rows: readonly MatrixRow[], environment: string): string {
  if (rows.length === 1) return `The one pact with what is in ${environment} is verified.`;
  return rows.length > 0
    ? `All ${rows.length} pacts with what is in ${environment} are verified.`
    : `It needs nobody, and nobody in ${environment} needs it yet: the first deployment stands alone.`;
}

function mustHaveFacts(record: ContractRecord): void {
  if (record.pacticipants.length > 0) return;
  throw new CliError(
    'The record is empty: nobody has published a version yet.',
    'npm run test:pact, then fieldguide contracts publish',
  );
}

function mustBeKnown(record: ContractRecord, pacticipant: string, version: string): void {
  parseChoice('pacticipant', pacticipant, record.pacticipants);
  const known = record.versions(pacticipant).map((each) => each.version);
  if (!known.includes(version))
    throw new CliError(
      `The record knows no version ${version} of ${pacticipant} (the last: ${known.at(-1)}).`,
      'npm run test:pact, then fieldguide contracts publish',
    );
}
