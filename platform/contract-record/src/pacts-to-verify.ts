import type { ContractRecord, PublishedPact } from './record.ts';

export interface PactToVerify extends PublishedPact {
  /** Why the pact has to be verified. */
  readonly reason: string;
  /**
   * No version on the provider's branch has verified it yet: a failure is shown but does not break the provider's build.
   * A consumer that expects something new waits for it and does not block the provider.
   */
  readonly pending: boolean;
  /** Work in progress: on a branch of the consumer, published since a date, not yet deployed. */
  readonly wip: boolean;
}

export interface Selection {
  readonly provider: string;
  readonly providerBranch: string;
  readonly mainBranch: string;
  /** ISO 8601; undefined: work in progress is not selected. */
  readonly includeWipSince?: string;
}

/** Selects the pacts that a provider's build has to verify: those of main, those deployed, and work in progress. */
export function pactsToVerify(
  record: ContractRecord,
  { provider, providerBranch, mainBranch, includeWipSince }: Selection,
): readonly PactToVerify[] {
  const published = record.pactsWith(provider);
  const consumers = [...new Set(published.map(({ consumer }) => consumer))].toSorted();
  const chosen = new Map<string, PactToVerify>();
  const choose = (each: PublishedPact, reason: string, wip = false) => {
    const key = `${each.consumer} ${each.pact}`;
    if (chosen.has(key)) return;
    const { consumer, consumerVersion, pact } = each;
    const pending = !wasVerified(record, provider, providerBranch, each.pact);
    chosen.set(key, { consumer, consumerVersion, provider, pact, reason, pending, wip });
  };

  for (const consumer of consumers) {
    const own = published.filter((each) => each.consumer === consumer);
    const branchOf = (each: PublishedPact) => record.branchOf(consumer, each.consumerVersion);
    const onMain = own.findLast((each) => branchOf(each) === mainBranch);
    if (onMain) choose(onMain, `the latest of ${mainBranch}`);
    for (const environment of record.environments)
      for (const version of record.present(consumer, environment))
        for (const each of record.pactsOf(consumer, version))
          if (each.provider === provider) choose(each, `it is in ${environment}`);
    if (!includeWipSince) continue;
    const branches = new Set(own.map(branchOf));
    for (const branch of branches) {
      const latest = own.findLast((each) => branchOf(each) === branch)!;
      const since = publishedAt(record, consumer, latest.consumerVersion);
      const isRecent = since !== undefined && since >= includeWipSince;
      const isPending = !wasVerified(record, provider, providerBranch, latest.pact);
      if (isRecent && isPending) choose(latest, `work in progress on ${branch}`, true);
    }
  }
  return [...chosen.values()];
}

function wasVerified(
  record: ContractRecord,
  provider: string,
  branch: string,
  pact: string,
): boolean {
  return record
    .verifications(provider)
    .some(
      (each) =>
        each.pact === pact &&
        each.success &&
        record.branchOf(provider, each.providerVersion) === branch,
    );
}

const publishedAt = (record: ContractRecord, consumer: string, version: string) =>
  record.versions(consumer).find((each) => each.version === version)?.at;
