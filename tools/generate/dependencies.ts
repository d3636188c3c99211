import { committedPacts } from '../contracts/pact-files.ts';

/** A dependency of one consumer on one provider. */
export interface Dependency {
  readonly consumer: string;
  readonly provider: string;
  readonly requests: number;
  /** Types of the messages that it consumes. */
  readonly messages: readonly string[];
  readonly interactions: number;
}

interface Interaction {
  readonly request?: unknown;
  readonly contents?: { readonly content: { readonly type: string } };
}

/** Derives the dependencies between services from the committed pacts. */
export function dependencies(): readonly Dependency[] {
  return committedPacts().map(({ consumer, provider, interactions }) => {
    const all = interactions as readonly Interaction[];
    const messages = all.flatMap(({ contents }) => contents?.content.type ?? []);
    return {
      consumer: consumer.name,
      provider: provider.name,
      requests: all.filter(({ request }) => request).length,
      messages: [...new Set(messages)].toSorted(),
      interactions: all.length,
    };
  });
}

/** Leaves out dependencies on a provider that all these apps depend on (the one of tokens): diagrams would be full of them. */
export function withoutCommon(
  all: readonly Dependency[],
  apps: readonly string[],
): readonly Dependency[] {
  const consumers = Map.groupBy(all, ({ provider }) => provider);
  const isCommon = (provider: string) =>
    apps.every((name) =>
      [provider, ...consumers.get(provider)!.map(({ consumer }) => consumer)].includes(name),
    );
  return all.filter(({ consumer, provider }) => !apps.includes(consumer) || !isCommon(provider));
}
