import { existsSync, globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import type { z } from 'zod';
import { pluralOf } from './service-name.ts';

/** A published message, and what a new consumer of it needs to know. */
export interface ConsumedMessage {
  /** The service that publishes it: `catalog`. */
  readonly service: string;
  /** `ProductChanged` */
  readonly type: string;
  /** Export of the contract's examples: `productChanged`. */
  readonly example: string;
  /** Names of the fields of its data. */
  readonly fields: readonly string[];
  /** The field that holds the id of the aggregate: `productId`. */
  readonly key: string;
  /** Source text of the provider state in which it is published: `['a product was repriced', { productId }]`. */
  readonly state: string;
  /** `product`, `products` and `changed`. */
  readonly noun: string;
  readonly nouns: string;
  readonly participle: string;
}

/**
 * Finds a published message by `SERVICE.MESSAGE`, for example `catalog.ProductChanged`.
 * @throws CliError that lists the messages that services publish, with the closest one as a suggestion
 */
export async function consumedMessage(name: string): Promise<ConsumedMessage> {
  const published = await publishedMessages();
  const { service, type, data } = published.get(
    parseChoice('published message', name, [...published.keys()]),
  )!;
  const words = type.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
  const participle = words.length > 1 ? words.pop()! : 'received';
  const noun = camel(words);
  const fields = Object.keys(data.shape);
  const [example, value] = await exampleOf(service, type, data);
  const { key, state } = agreedState(service, type, value) ?? {
    key: fields[0]!,
    state: `['${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${words.join(' ')} was ${participle}', { ${fields[0]} }]`,
  };
  return { service, type, example, fields, key, state, noun, nouns: pluralOf(noun), participle };
}

interface Message {
  readonly service: string;
  readonly type: string;
  readonly data: z.ZodObject;
}

/** The events that services publish, by `SERVICE.MESSAGE`. A command has one consumer already: its owner. */
async function publishedMessages(): Promise<Map<string, Message>> {
  const messages = new Map<string, Message>();
  for (const file of globSync('contracts/*/index.ts').toSorted()) {
    const service = file.split(/[\\/]/)[1]!;
    for (const each of Object.values(await load(file)) as Partial<Message & { kind: string }>[]) {
      if (!each?.type || !each.data || each.kind === 'command') continue;
      messages.set(`${service}.${each.type}`, { service, type: each.type, data: each.data });
    }
  }
  // Every service consumes the end of sessions already.
  for (const [name, { type }] of messages) if (type === 'SessionEnded') messages.delete(name);
  return messages;
}

async function exampleOf(
  service: string,
  type: string,
  data: z.ZodObject,
): Promise<[name: string, value: Record<string, unknown>]> {
  const file = `contracts/${service}/examples.ts`;
  const examples = Object.entries(existsSync(file) ? await load(file) : {}) as [
    string,
    { schema: unknown; value: Record<string, unknown> },
  ][];
  const found = examples.find(([, { schema }]) => schema === data);
  if (!found) throw new Error(`${file} has no example of ${type}: add one first.`);
  return [found[0], found[1].value];
}

interface Interaction {
  readonly contents?: { readonly content: { readonly type: string } };
  readonly metadata?: { readonly key: string };
  readonly providerStates?: readonly { name: string; params?: Record<string, unknown> }[];
}

/** The provider state that another consumer's pact names for this message. */
function agreedState(service: string, type: string, example: Record<string, unknown>) {
  const interactions = globSync(`contracts/pacts/*-${service}.json`).flatMap(
    (file) =>
      (JSON.parse(readFileSync(file, 'utf8')) as { interactions: Interaction[] }).interactions,
  );
  for (const { contents, metadata, providerStates: [state] = [] } of interactions) {
    const key = Object.keys(example).find((field) => example[field] === metadata?.key);
    const params = Object.entries(state?.params ?? {});
    const isSame = params.every(([field, value]) => example[field] === value);
    if (contents?.content.type !== type || !key || !state || !isSame) continue;
    const values = params.map(([field, value]) =>
      field === key ? field : `${field}: ${JSON.stringify(value)}`,
    );
    return { key, state: `['${state.name}', { ${values.join(', ')} }]` };
  }
  return undefined;
}

const load = async (file: string) =>
  (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
const camel = ([first = '', ...rest]: readonly string[]) =>
  first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
