import { z } from 'zod';

const name = z.string().regex(/^[a-z][a-z0-9-]*$/);
const version = z.string().min(1).max(100);
const at = z.iso.datetime();
const deploymentFields = { pacticipant: name, version, environment: name, at };

/** One entry of the append-only contract record, with the Pact Broker's terms. */
export const RecordEntry = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('EnvironmentCreated'),
    environment: name,
    production: z.boolean(),
    at,
  }),
  /** A build of a pacticipant. Its pacts follow as `PactPublished`, where `pact` is the fingerprint of the content. */
  z.object({
    type: z.literal('VersionPublished'),
    pacticipant: name,
    version,
    branch: z.string(),
    at,
  }),
  z.object({
    type: z.literal('PactPublished'),
    consumer: name,
    consumerVersion: version,
    provider: name,
    pact: z.string(),
    at,
  }),
  z.object({
    type: z.literal('PactVerified'),
    provider: name,
    providerVersion: version,
    consumer: name,
    pact: z.string(),
    success: z.boolean(),
    at,
  }),
  /** Replaces the version that was deployed there before. */
  z.object({ type: z.literal('Deployed'), ...deploymentFields }),
  z.object({ type: z.literal('Undeployed'), ...deploymentFields }),
  /** In use there alongside the versions released before, like a mobile app or a library. */
  z.object({ type: z.literal('Released'), ...deploymentFields }),
  z.object({ type: z.literal('SupportEnded'), ...deploymentFields }),
]);
export type RecordEntry = z.infer<typeof RecordEntry>;
type EntryOf<Type extends RecordEntry['type']> = Extract<RecordEntry, { type: Type }>;

export interface PublishedPact {
  readonly consumer: string;
  readonly consumerVersion: string;
  readonly provider: string;
  readonly pact: string;
}

/** Derives builds, pacts, verifications and deployments from the entries of the record. */
export class ContractRecord {
  readonly #entries: readonly RecordEntry[];

  constructor(entries: readonly RecordEntry[]) {
    this.#entries = entries;
  }

  get environments(): readonly string[] {
    return this.#of('EnvironmentCreated').map(({ environment }) => environment);
  }

  /** Builds of a pacticipant, oldest first. */
  versions(pacticipant: string): readonly EntryOf<'VersionPublished'>[] {
    return this.#of('VersionPublished').filter((each) => each.pacticipant === pacticipant);
  }

  get pacticipants(): readonly string[] {
    return [
      ...new Set(this.#of('VersionPublished').map(({ pacticipant }) => pacticipant)),
    ].toSorted();
  }

  /** Returns the pacts of a consumer version, one for each provider. */
  pactsOf(consumer: string, consumerVersion: string): readonly PublishedPact[] {
    const own = this.#of('PactPublished').filter(
      (each) => each.consumer === consumer && each.consumerVersion === consumerVersion,
    );
    return [...new Map(own.map((each) => [each.provider, each])).values()];
  }

  /** Returns the pacts with this provider, of every consumer version. */
  pactsWith(provider: string): readonly PublishedPact[] {
    return this.#of('PactPublished').filter((each) => each.provider === provider);
  }

  /** Returns the latest verification of a pact by a provider version; undefined: it was never verified. */
  verdict(pact: string, provider: string, providerVersion: string): boolean | undefined {
    return this.#of('PactVerified').findLast(
      (each) =>
        each.pact === pact &&
        each.provider === provider &&
        each.providerVersion === providerVersion,
    )?.success;
  }

  verifications(provider: string): readonly EntryOf<'PactVerified'>[] {
    return this.#of('PactVerified').filter((each) => each.provider === provider);
  }

  /** Returns the versions of a pacticipant in an environment: the deployed one and the released ones still supported. */
  present(pacticipant: string, environment: string): readonly string[] {
    let deployed: string | undefined;
    const released = new Set<string>();
    for (const entry of this.#entries) {
      if (!('environment' in entry) || !('pacticipant' in entry)) continue;
      if (entry.pacticipant !== pacticipant || entry.environment !== environment) continue;
      if (entry.type === 'Deployed') deployed = entry.version;
      if (entry.type === 'Undeployed' && entry.version === deployed) deployed = undefined;
      if (entry.type === 'Released') released.add(entry.version);
      if (entry.type === 'SupportEnded') released.delete(entry.version);
    }
    return [...new Set([...(deployed ? [deployed] : []), ...released])];
  }

  branchOf(pacticipant: string, wanted: string): string | undefined {
    return this.versions(pacticipant).findLast((each) => each.version === wanted)?.branch;
  }

  #of<Type extends RecordEntry['type']>(type: Type): EntryOf<Type>[] {
    return this.#entries.filter((entry): entry is EntryOf<Type> => entry.type === type);
  }
}
