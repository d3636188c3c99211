import { z } from 'zod';

const name = z.string().regex(/^[a-z][a-z0-9-]*$/);
const version = z.string().min(1).max(100);
const at = z.iso.datetime();
const placed = { pacticipant: name, version, environment: name, at };

/** What the record is made of, one fact a line; the words are the Pact Broker's. Nothing is ever changed in it. */
export const Fact = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('EnvironmentCreated'),
    environment: name,
    production: z.boolean(),
    at,
  }),
  /** A build of somebody; with a `pact`, what it expects of `provider` (fingerprint of the content). */
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
  /** Takes the place of the version that was deployed there before. */
  z.object({ type: z.literal('Deployed'), ...placed }),
  z.object({ type: z.literal('Undeployed'), ...placed }),
  /** Is used there beside the versions that were released before: an app on telephones, a library. */
  z.object({ type: z.literal('Released'), ...placed }),
  z.object({ type: z.literal('SupportEnded'), ...placed }),
]);
export type Fact = z.infer<typeof Fact>;
type Of<Type extends Fact['type']> = Extract<Fact, { type: Type }>;

export interface PublishedPact {
  readonly consumer: string;
  readonly consumerVersion: string;
  readonly provider: string;
  readonly pact: string;
}

/** Who was built, who expects what of whom, what was verified, and what is where: a fold of the facts. */
export class ContractRecord {
  readonly #facts: readonly Fact[];

  constructor(facts: readonly Fact[]) {
    this.#facts = facts;
  }

  get environments(): readonly string[] {
    return this.#of('EnvironmentCreated').map(({ environment }) => environment);
  }

  /** Builds of a pacticipant, oldest first. */
  versions(pacticipant: string): readonly Of<'VersionPublished'>[] {
    return this.#of('VersionPublished').filter((each) => each.pacticipant === pacticipant);
  }

  get pacticipants(): readonly string[] {
    return [
      ...new Set(this.#of('VersionPublished').map(({ pacticipant }) => pacticipant)),
    ].toSorted();
  }

  /** What a version expects of its providers. */
  pactsOf(consumer: string, consumerVersion: string): readonly PublishedPact[] {
    const own = this.#of('PactPublished').filter(
      (each) => each.consumer === consumer && each.consumerVersion === consumerVersion,
    );
    return [...new Map(own.map((each) => [each.provider, each])).values()];
  }

  /** What consumers of this provider expect, each version. */
  pactsWith(provider: string): readonly PublishedPact[] {
    return this.#of('PactPublished').filter((each) => each.provider === provider);
  }

  /** The last word of a provider's version about a pact; undefined: it never was asked. */
  verdict(pact: string, provider: string, providerVersion: string): boolean | undefined {
    return this.#of('PactVerified').findLast(
      (each) =>
        each.pact === pact &&
        each.provider === provider &&
        each.providerVersion === providerVersion,
    )?.success;
  }

  verifications(provider: string): readonly Of<'PactVerified'>[] {
    return this.#of('PactVerified').filter((each) => each.provider === provider);
  }

  /** The versions of somebody in an environment: the one deployed, and those released and still supported. */
  present(pacticipant: string, environment: string): readonly string[] {
    let deployed: string | undefined;
    const released = new Set<string>();
    for (const fact of this.#facts) {
      if (!('environment' in fact) || !('pacticipant' in fact)) continue;
      if (fact.pacticipant !== pacticipant || fact.environment !== environment) continue;
      if (fact.type === 'Deployed') deployed = fact.version;
      if (fact.type === 'Undeployed' && fact.version === deployed) deployed = undefined;
      if (fact.type === 'Released') released.add(fact.version);
      if (fact.type === 'SupportEnded') released.delete(fact.version);
    }
    return [...new Set([...(deployed ? [deployed] : []), ...released])];
  }

  branchOf(pacticipant: string, wanted: string): string | undefined {
    return this.versions(pacticipant).findLast((each) => each.version === wanted)?.branch;
  }

  #of<Type extends Fact['type']>(type: Type): Of<Type>[] {
    return this.#facts.filter((fact): fact is Of<Type> => fact.type === type);
  }
}
