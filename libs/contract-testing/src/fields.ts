import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from './findings.ts';
import {
  type PactFile,
  type PactInteraction,
  type ProviderUnderTest,
  readPact,
} from './provider.ts';

/** One response or message of a provider, with the readers of each field. */
export interface Surface {
  /** `GET /products/:id 200` or `message OrderConfirmed`. */
  readonly name: string;
  /** Every field that the running provider sends: `data.lines[].productId`. */
  readonly fields: readonly string[];
  /** The consumers of a field, according to their pacts. */
  readonly readers: ReadonlyMap<string, readonly string[]>;
  /** Verifies the pacts without this field. @returns the consumers whose pacts fail */
  readonly without: (field: string) => Promise<readonly string[]>;
}

/** Lists the fields of all responses and messages of the running provider. */
export async function surfacesOf(
  provider: ProviderUnderTest,
  pacts: readonly { readonly file: string }[],
): Promise<{ surfaces: Surface[]; close: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'pact-parts-'));
  const parts = new Map<
    string,
    { pact: PactFile; interaction: PactInteraction; sent: unknown }[]
  >();
  for (const { file } of pacts) {
    const pact = readPact(file);
    for (const interaction of pact.interactions) {
      const seen = await seenOf(provider, write(folder, pact, [interaction]));
      if (!seen) continue; // a response without a body
      const { name, sent } = seen;
      parts.set(name, [...(parts.get(name) ?? []), { pact, interaction, sent }]);
    }
  }
  const surfaces = [...parts].map(([name, all]): Surface => {
    const fields = [...new Set(all.flatMap(({ sent }) => fieldsOf(sent)))];
    const reads = all.map(({ pact, interaction }) => ({
      consumer: pact.consumer.name,
      fields: new Set(fieldsOf(expectedOf(interaction))),
    }));
    const readersOf = (field: string) =>
      distinct(reads.filter((each) => each.fields.has(field)).map(({ consumer }) => consumer));
    const byConsumer = Map.groupBy(all, ({ pact }) => pact.consumer.name);
    const files = [...byConsumer.values()].map((own) =>
      write(
        folder,
        own[0]!.pact,
        own.map(({ interaction }) => interaction),
      ),
    );
    return {
      name,
      fields,
      readers: new Map(fields.map((field) => [field, readersOf(field)])),
      without: async (field) => {
        const mutate = (surface: string, value: unknown) =>
          surface === name ? removed(value, field) : value;
        provider.mutate = {
          answer: mutate,
          message: (type, envelope) => mutate(`message ${type}`, envelope),
        };
        const findings: readonly Finding[] = await provider.verify(...files);
        provider.mutate = {};
        return distinct(findings.map(({ consumer }) => consumer));
      },
    };
  });
  return { surfaces, close: () => rmSync(folder, { recursive: true }) };
}

async function seenOf(provider: ProviderUnderTest, file: string) {
  let seen: { name: string; sent: unknown } | undefined;
  provider.mutate = {
    answer: (name, sent) => {
      seen = { name, sent };
      return sent;
    },
    message: (type, envelope) => {
      seen = { name: `message ${type}`, sent: JSON.parse(JSON.stringify(envelope)) };
      return envelope;
    },
  };
  await provider.verify(file);
  provider.mutate = {};
  return seen;
}

const expectedOf = ({ response, contents }: PactInteraction): unknown =>
  response ? response.body?.content : contents?.content;

/** Every field of a value, with its parents; an array is represented by its first item. */
function fieldsOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.length > 0 ? fieldsOf(value[0], `${at}[]`) : [];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, each]) => {
    const field = at ? `${at}.${name}` : name;
    return [field, ...fieldsOf(each, field)];
  });
}

/** A copy of the value without the field. */
function removed(value: unknown, field: string): unknown {
  const copy = structuredClone(value);
  const steps = field.split('.');
  const last = steps.pop()!;
  let holders: unknown[] = [copy];
  for (const step of steps) {
    const isList = step.endsWith('[]');
    const name = isList ? step.slice(0, -2) : step;
    holders = holders
      .map((each) => (each as Record<string, unknown> | null)?.[name])
      .flatMap((each) => (isList && Array.isArray(each) ? each : [each]));
  }
  for (const holder of holders)
    if (holder && typeof holder === 'object') delete (holder as Record<string, unknown>)[last];
  return copy;
}

let written = 0;

function write(folder: string, pact: PactFile, interactions: readonly PactInteraction[]): string {
  written += 1;
  const file = join(folder, `${written}.json`);
  writeFileSync(file, JSON.stringify({ ...pact, interactions }));
  return file;
}

const distinct = (names: readonly string[]) => [...new Set(names)].toSorted();
