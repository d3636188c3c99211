// Published facts outlive a release: records of yesterday are read by services of today, and those of today by services
// that were not yet replaced. So what is said may only grow: `npm run check` compares it with the version before in git.
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
 * Why records of the one version cannot be read as the other; empty: they can, in both directions.
 * Backward: today's readers, yesterday's records. Forward: yesterday's readers, today's records.
 */
export function incompatibilities(before: Schema, after: Schema, at = 'data'): string[] {
  const { properties: old = {}, required: oldRequired = [] } = before;
  const { properties: now = {}, required: nowRequired = [] } = after;
  const faults = Object.entries(old).flatMap(([name, schema]) => {
    const place = `${at}.${name}`;
    const current = now[name];
    if (!current) return [`${place} is gone (forward: whoever reads it breaks)`];
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
    ...faults,
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
  const faults: string[] = [];
  const now = await documents();
  for (const name of providers) {
    const path = `${GENERATED}/${name}/asyncapi.json`;
    const old = publishedMessages(before(commit, path));
    const current = publishedMessages(JSON.parse(now.get(path) ?? 'null'));
    for (const [type, schema] of old) {
      const present = current.get(type);
      const what = present ? incompatibilities(schema, present) : ['it is not said any more'];
      faults.push(...what.map((each) => `${name} says ${type}: ${each}`));
    }
  }
  for (const fault of faults) console.error(fault);
  if (faults.length > 0)
    console.error(
      'Try: add optional fields, or say it under a new type beside the old one (docs/how-to/change-a-contract.md)',
    );
  return faults.length === 0;
}

/** Type → schema of its data, of everything that an AsyncAPI document sends. */
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
