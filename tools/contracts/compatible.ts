// Messages outlive a release: new services read old records, and services that are not yet replaced read new records. So
// message schemas may only be extended: `npm run check` compares them with the version before in git.
import { git, versionBefore } from '../version-before.ts';
import { documents, GENERATED, providers } from './documents.ts';

interface Schema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly [keyword: string]: unknown;
}

/**
 * Returns the incompatibilities between two versions of a schema; empty when both can read each other's records.
 * Backward: new consumers, old records. Forward: old consumers, new records.
 */
export function incompatibilities(before: Schema, after: Schema, at = 'data'): string[] {
  const { properties: old = {}, required: oldRequired = [] } = before;
  const { properties: now = {}, required: nowRequired = [] } = after;
  const changes = Object.entries(old).flatMap(([name, schema]) => {
    const place = `${at}.${name}`;
    const current = now[name];
    if (!current) return [`${place} is gone (forward: its consumers break)`];
    const wasRequired = oldRequired.includes(name);
    const isRequired = nowRequired.includes(name);
    return [
      ...(wasRequired && !isRequired ? [`${place} may be absent now (forward)`] : []),
      ...(!wasRequired && isRequired ? [`${place} is required now (backward: old records)`] : []),
      ...incompatibilities(schema, current, place),
    ];
  });
  const added = Object.keys(now).filter((name) => !(name in old) && nowRequired.includes(name));
  const values = (schema: Schema) => new Set(schema.enum ?? []);
  const [oldValues, nowValues] = [values(before), values(after)];
  return [
    ...changes,
    ...added.map((name) => `${at}.${name} is new and required (backward: old records have none)`),
    ...[...nowValues]
      .filter((each) => !oldValues.has(each))
      .map((each) => `${at} may be "${each}" now (forward)`),
    ...[...oldValues]
      .filter((each) => !nowValues.has(each))
      .map((each) => `${at} cannot be "${each}" (backward)`),
    ...(before.items && after.items ? incompatibilities(before.items, after.items, `${at}[]`) : []),
    ...changedKeywords(before, after, at),
  ];
}

const compared = new Set(['properties', 'required', 'items', 'enum', 'description', 'title']);

function changedKeywords(before: Schema, after: Schema, at: string): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => !compared.has(name))
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map(
      (name) =>
        `${at}: ${name} was ${JSON.stringify(before[name])}, is ${JSON.stringify(after[name])}`,
    );
}

function before(commit: string, path: string): Schema | undefined {
  try {
    return JSON.parse(git('show', `${commit}:${path}`)) as Schema;
  } catch {
    return undefined; // new since then
  }
}

async function main(): Promise<boolean> {
  const commit = versionBefore(GENERATED);
  if (!commit) return true;
  const errors: string[] = [];
  const now = await documents();
  for (const name of providers) {
    const path = `${GENERATED}/${name}/asyncapi.json`;
    const old = publishedMessages(before(commit, path));
    const current = publishedMessages(JSON.parse(now.get(path) ?? 'null'));
    for (const [type, schema] of old) {
      const present = current.get(type);
      const what = present ? incompatibilities(schema, present) : ['it is no longer published'];
      errors.push(...what.map((each) => `${name} publishes ${type}: ${each}`));
    }
  }
  for (const error of errors) console.error(error);
  if (errors.length > 0)
    console.error(
      'Try: add optional fields, or publish a new type in addition to the old one (docs/how-to/change-a-contract.md)',
    );
  return errors.length === 0;
}

/** Returns the message types that an AsyncAPI document sends, with the schema of their data. */
function publishedMessages(document: Schema | undefined): Map<string, Schema> {
  const { operations = {}, components } = (document ?? {}) as {
    operations?: Record<string, { action: string }>;
    components?: { messages: Record<string, { payload: Schema }> };
  };
  const sent = Object.entries(operations).filter(([, { action }]) => action === 'send');
  return new Map(
    sent.map(([name]) => {
      const type = name.slice('send'.length);
      return [type, components!.messages[type]!.payload.properties!['data']!];
    }),
  );
}

if (import.meta.main) process.exitCode = (await main()) ? 0 : 1;
