import { globSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { topics } from '@fieldguide/platform-model/derive';
import { system } from '@fieldguide/system';
import { z } from 'zod';
import { consumersOf, sendersOf } from '../contracts/pact-files.ts';
import { page, table } from './markdown.ts';

interface Message {
  readonly topic: string;
  readonly type: string;
  readonly data: z.ZodObject;
}

/** Topics and the messages on them, from the contracts. */
export async function topicsPage(): Promise<string> {
  const messages: Message[] = [];
  for (const file of globSync('contracts/*/index.ts').toSorted()) {
    const exported = Object.values(await import(pathToFileURL(file).href));
    messages.push(...(exported.filter(isMessage) as Message[]));
  }
  const parts = topics(system).flatMap(({ name, owner, kind, partitions }) => {
    const on = messages.filter(({ topic }) => topic === name);
    const senders = kind === 'events' ? [owner] : [...sendersOf(name)];
    const what = kind === 'events' ? 'Events' : 'Commands';
    return [
      `## ${name}`,
      `${what} from ${senders.join(', ')} to ${[...consumersOf(name)].join(', ')}; ${partitions} partition${partitions > 1 ? 's' : ''}.`,
      table(
        ['type', 'data'],
        on
          .toSorted((a, b) => a.type.localeCompare(b.type))
          .map(({ type, data }) => [`\`${type}\``, fieldsOf(data)]),
      ),
    ];
  });
  return page(
    'Topics and messages',
    'Names are prefixed with the environment in Kafka. The key is the id of the aggregate. Schemas: [contracts/generated](../../contracts/generated). How long records are kept: [retention](retention.md).',
    ...parts,
  );
}

function fieldsOf(data: z.ZodObject): string {
  const { properties = {}, required = [] } = z.toJSONSchema(data, { unrepresentable: 'any' });
  return Object.keys(properties)
    .map((name) => `\`${name}${required.includes(name) ? '' : '?'}\``)
    .join(', ');
}

function isMessage(value: unknown): value is Message {
  const { topic, type, data } = (value ?? {}) as Partial<Message>;
  return typeof topic === 'string' && typeof type === 'string' && data instanceof z.ZodObject;
}
