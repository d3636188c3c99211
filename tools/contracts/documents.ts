// Generates the contracts of the providers as JSON Schema, OpenAPI 3.1 and AsyncAPI 3, for readers and programs without
// TypeScript. `npm run generate` writes them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Route } from '@fieldguide/contracts/gateway/route';
import { routes } from '@fieldguide/contracts/gateway/routes';
import * as ordering from '@fieldguide/contracts/ordering';
import * as provider from '@fieldguide/contracts/payment-provider';
import { EnvelopeSchema } from '@fieldguide/messaging/envelope-schema';
import { topics } from '@fieldguide/platform-model/derive';
import { system } from '@fieldguide/system';
import { z } from 'zod';
import { openapi } from './openapi.ts';
import { committedPacts, sendersOf } from './pact-files.ts';

export const GENERATED = 'contracts/generated';
export const providers = Object.keys(system.apps).filter(
  (name) => system.apps[name as keyof typeof system.apps].contract,
);

export interface Message {
  readonly topic: string;
  readonly type: string;
  readonly data: z.ZodObject;
}
type Exports = Readonly<Record<string, unknown>>;

/** Routes that the gateway does not forward. */
const inside: readonly Route[] = [
  route(
    'GET',
    '/delivery-addresses',
    'ordering',
    'List the delivery addresses of up to 20 orders (shipping)',
    {
      operationId: 'listDeliveryAddresses',
      query: ordering.DeliveryAddressQuery,
      answer: ordering.DeliveryAddressList,
    },
  ),
  route('POST', '/operations', 'payment-provider', 'Authorise, capture or void', {
    operationId: 'operate',
    body: provider.OperationRequest,
    answer: provider.Operation,
    errors: ['apiKeyInvalid', 'temporarilyUnavailable'],
  }),
  route('GET', '/operations/:key', 'payment-provider', 'Get the result of an operation', {
    operationId: 'getOperation',
    answer: provider.Operation,
    errors: ['apiKeyInvalid', 'operationNotFound'],
  }),
  route('GET', '/ledger', 'payment-provider', 'List all operations in pages', {
    operationId: 'listOperations',
    query: provider.LedgerQuery,
    answer: provider.Ledger,
  }),
];

function route(
  method: Route['method'],
  path: Route['path'],
  to: string,
  summary: string,
  more: Route['more'],
): Route {
  return { method, path, to, who: 'signedIn', status: 200, summary, more };
}

/** Generates every file, by its path. */
export async function documents(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const contracts = new Map<string, Exports>();
  for (const name of providers)
    contracts.set(name, (await import(`../../contracts/${name}/index.ts`)) as Exports);
  const messages = [...contracts.values()]
    .flatMap((each) => Object.values(each).filter(isMessage))
    .toSorted((a, b) => (a.type < b.type ? -1 : 1)); // a module's exports have no order
  for (const [name, exports] of contracts) {
    for (const [schema, value] of Object.entries(exports)) {
      const type = isMessage(value) ? value.data : value;
      if (type instanceof z.ZodType) add(`${name}/schemas/${schema}.json`, schemaOf(type));
    }
    const responded = [...routes, ...inside].filter(({ to }) => to === name);
    if (responded.length > 0) {
      const description = `Operations of ${name}, for the gateway and other services.`;
      add(
        `${name}/openapi.json`,
        await openapi(responded, [exports], { title: name, description }),
      );
    }
    const published = messages.filter(({ topic }) => sends(name, topic));
    const consumed = messages.filter(({ type }) => consumesMessage(name, type));
    if (published.length + consumed.length > 0)
      add(`${name}/asyncapi.json`, asyncapi(name, published, consumed));
  }
  const info = {
    title: 'Fieldguide Outfitters',
    description: 'Every operation that the gateway forwards.',
  };
  add('gateway/openapi.json', await openapi(routes, [...contracts.values()], info));
  return files;

  function add(path: string, content: object): void {
    files.set(join(GENERATED, path), `${JSON.stringify(content, null, 2)}\n`);
  }
}

function asyncapi(
  name: string,
  published: readonly Message[],
  consumed: readonly Message[],
): object {
  const all = Map.groupBy([...published, ...consumed], ({ topic }) => topic);
  const channels = Object.fromEntries(
    [...all].map(([topic, messages]) => [
      topic,
      {
        address: topic,
        messages: Object.fromEntries(
          messages.map(({ type }) => [type, { $ref: `#/components/messages/${type}` }]),
        ),
        bindings: { kafka: { topic, partitions: partitionsOf(topic) } },
      },
    ]),
  );
  const operation = (action: 'send' | 'receive') => (message: Message) => [
    `${action}${message.type}`,
    {
      action,
      channel: { $ref: `#/channels/${message.topic}` },
      messages: [{ $ref: `#/channels/${message.topic}/messages/${message.type}` }],
    },
  ];
  return {
    asyncapi: '3.0.0',
    info: {
      title: name,
      version: '1',
      description: `Messages that ${name} publishes and consumes.`,
    },
    defaultContentType: 'application/json',
    channels,
    operations: Object.fromEntries([
      ...published.map(operation('send')),
      ...consumed.map(operation('receive')),
    ]),
    components: {
      messages: Object.fromEntries(
        [...published, ...consumed].map(({ type, data }) => [
          type,
          {
            name: type,
            payload: schemaOf(EnvelopeSchema.extend({ type: z.literal(type), data })),
            bindings: { kafka: { key: { type: 'string', description: 'The subject.' } } },
          },
        ]),
      ),
    },
  };
}

function schemaOf(type: z.ZodType): object {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io: 'input' });
  return schema;
}

/** Returns whether a service has a pact for this type of message. */
function consumesMessage(consumer: string, type: string): boolean {
  const own = committedPacts().filter((pact) => pact.consumer.name === consumer);
  return own.some(({ interactions }) =>
    (interactions as readonly { contents?: { content: { type: string } } }[]).some(
      ({ contents }) => contents?.content.type === type,
    ),
  );
}

const topicNamed = (topic: string) => topics(system).find(({ name }) => name === topic);
const partitionsOf = (topic: string) => topicNamed(topic)?.partitions;

/** Returns whether a service sends to a topic: the owner sends its events, services with a pact for it send commands. */
function sends(service: string, topic: string): boolean {
  const { kind, owner } = topicNamed(topic) ?? {};
  return kind === 'events' ? owner === service : sendersOf(topic).has(service);
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'topic' in value && 'data' in value;
}

/** Returns the paths of files that are stale, missing or obsolete. */
export function drift(files: ReadonlyMap<string, string>, folder: string): string[] {
  const present = new Map(
    listed(folder).map((path) => [path, readFileSync(path, 'utf8')] as const),
  );
  const all = new Set([...files.keys(), ...present.keys()]);
  return [...all].filter((path) => files.get(path) !== present.get(path)).toSorted();
}

function listed(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
  } catch {
    return [];
  }
}
