import { pathToFileURL } from 'node:url';
import { topics } from '@fieldguide/platform-model/derive';
import { system } from '@fieldguide/system';
import { z } from 'zod';
import { consumersOf } from '../contracts/pact-files.ts';
import { page, table } from './markdown.ts';
import { listedOn, mismatches, namesIn, type Source, sources } from './sources.ts';

interface Message {
  readonly topic: string;
  readonly type: string;
  readonly data: z.ZodObject;
  readonly kind?: 'command';
}
interface ContractMessage extends Message {
  readonly provider: string;
}

/** Topics and the messages on them, from the contracts. */
export async function topicsPage(): Promise<string> {
  const messages = await contractMessages();
  const parts = topics(system).flatMap(({ name, kind, partitions, senders }) => {
    const on = messages.filter(({ topic }) => topic === name);
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
    'Names are prefixed with the environment in Kafka. Only the senders may write to a topic; only its owner and the consumers may read it. The key is the id of the aggregate. Schemas: [contracts/generated](../../contracts/generated). How long records are kept: [retention](retention.md).',
    ...parts,
  );
}

/**
 * Compares the page with the contracts and with the apps, both ways: a provider publishes its events, another app sends
 * it commands; every consumed message and every topic is listed.
 */
export async function topicMistakes(
  text: string,
  files: readonly Source[] = sources('apps/*/src/**/*.ts'),
  contracts: readonly Source[] = sources('contracts/*/index.ts'),
): Promise<string[]> {
  const page = 'docs/reference/topics-and-messages.md';
  const [published, consumed] = [new Map<string, string>(), new Map<string, string>()];
  for (const { type, provider, kind } of await contractMessages())
    for (const { file, text: source } of files) {
      const body = importFrom(source, provider, type);
      if (body === undefined) continue;
      const isOwn = file.startsWith(`apps/${provider}/`);
      if (new RegExp(`\\bconsumes\\(\\s*${type}\\b`).test(body)) consumed.set(type, file);
      else if (isOwn !== (kind === 'command')) published.set(type, file);
    }
  const listed = listedOn(text);
  const topicsListed = new Set([...text.matchAll(/^## (\S+)$/gm)].map(([, name]) => name!));
  const unlisted = new Map([...consumed].filter(([type]) => !listed.has(type)));
  return [
    ...mismatches(page, listed, new Map([...unlisted, ...published])),
    ...mismatches(page, topicsListed, namesIn(contracts, /\btopic\(\s*'([^']+)'/g)),
  ];
}

/** Returns the rest of a source that imports a value of a contract; undefined when it does not. */
function importFrom(source: string, provider: string, name: string): string | undefined {
  const imports = new RegExp(`^import \\{([^}]*)\\} from '@[\\w-]+/contracts/${provider}';`, 'gm');
  const names = [...source.matchAll(imports)].flatMap(([, list]) => list!.split(','));
  return names.some((each) => each.trim() === name) ? source.replace(imports, '') : undefined;
}

/** The messages of every contract. */
async function contractMessages(): Promise<ContractMessage[]> {
  const all: ContractMessage[] = [];
  for (const { file } of sources('contracts/*/index.ts')) {
    const exported = Object.values(await import(pathToFileURL(file).href));
    const provider = file.split('/')[1]!;
    all.push(...exported.filter(isMessage).map((each) => ({ ...each, provider })));
  }
  return all;
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
