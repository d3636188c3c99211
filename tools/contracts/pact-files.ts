import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATED, PACTS } from '@fieldguide/contract-testing/places';

export { GENERATED };

interface Interaction {
  readonly description: string;
}
interface Pact {
  readonly consumer: { readonly name: string };
  readonly provider: { readonly name: string };
  readonly interactions: readonly Interaction[];
}

/**
 * Returns the committed text of a pact: in a fixed order and without tool versions, so it changes only with the
 * expectations of its consumer.
 */
export function committedText(text: string): string {
  const { consumer, provider, interactions } = JSON.parse(text) as Pact;
  const inOrder = interactions.toSorted((a, b) => (a.description < b.description ? -1 : 1));
  const metadata = { pactSpecification: { version: '4.0' } };
  return `${JSON.stringify({ consumer, provider, interactions: inOrder, metadata }, null, 2)}\n`;
}

/** Compares the generated with the committed pacts; empty when no consumer's expectations have changed. */
export function differences(): string[] {
  const names = new Set([...list(PACTS), ...list(GENERATED)]);
  return [...names].toSorted().flatMap((name) => {
    const [before, after] = [read(PACTS, name), read(GENERATED, name)];
    if (before === after) return [];
    if (!before) return [`${name} is new: a consumer depends on another provider`];
    if (!after) return [`${name} is obsolete: no consumer's test expects it any more`];
    return [`${name}: ${firstDifference(before, after)}`];
  });
}

export function commit(): void {
  rmSync(PACTS, { recursive: true, force: true });
  addGenerated();
}

/** Commits the generated pacts of some consumers; the others stay. */
export function addGenerated(): void {
  mkdirSync(PACTS, { recursive: true });
  for (const name of list(GENERATED)) writeFileSync(join(PACTS, name), read(GENERATED, name)!);
}

/** Reads every committed pact. */
export const committedPacts = (): readonly Pact[] =>
  list(PACTS).map((name) => JSON.parse(read(PACTS, name)!) as Pact);

/** Who sends messages on a topic, by the pacts of their consumers. */
export const sendersOf = (topic: string): ReadonlySet<string> =>
  new Set(pactsAbout(topic).map(({ provider }) => provider.name));

/** Who has a pact about messages on a topic. */
export const consumersOf = (topic: string): ReadonlySet<string> =>
  new Set(pactsAbout(topic).map(({ consumer }) => consumer.name));

function pactsAbout(topic: string): readonly Pact[] {
  const topicsIn = ({ interactions }: Pact) =>
    (interactions as readonly { metadata?: { topic: string } }[]).map(
      ({ metadata }) => metadata?.topic,
    );
  return committedPacts().filter((pact) => topicsIn(pact).includes(topic));
}

function firstDifference(before: string, after: string): string {
  const [old, current] = [before.split('\n'), after.split('\n')];
  const at = old.findIndex((line, index) => line !== current[index]);
  const around = (lines: readonly string[]) =>
    lines
      .slice(Math.max(0, at), at + 3)
      .map((line) => line.trim())
      .join(' ');
  return `line ${at + 1} was ${around(old)} and would be ${around(current)}`;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

function read(folder: string, name: string): string | undefined {
  try {
    return committedText(readFileSync(join(folder, name), 'utf8'));
  } catch {
    return undefined;
  }
}
