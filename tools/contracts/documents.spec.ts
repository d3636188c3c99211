import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { incompatibilities } from './compatible.ts';
import { documents, drift, GENERATED, providers } from './documents.ts';
import { pactEdges } from './edges.ts';

const files = await documents();
const read = (path: string) => JSON.parse(files.get(`${GENERATED}/${path}`)!);

describe('the documents of the contracts', () => {
  it('are up to date', () => expect(drift(files, GENERATED)).toEqual([]));
  it('report missing, changed and obsolete files', () => {
    const [first] = files.keys();
    const changed = new Map([...files, [first!, '{}'], ['contracts/generated/new.json', '{}']]);
    changed.delete(`${GENERATED}/catalog/openapi.json`);
    expect(drift(changed, GENERATED)).toEqual(
      [first, `${GENERATED}/catalog/openapi.json`, 'contracts/generated/new.json'].toSorted(),
    );
  });
  it('have every route and message of the pacts', () => {
    const missing = [...pactEdges()].filter((edge) => {
      const [, verb, provider, what] = edge.split(' ');
      if (verb === 'requests') {
        const paths = Object.keys(read(`${provider}/openapi.json`).paths);
        return !paths.map((path) => path.replaceAll(/\{\w+\}/g, ':')).includes(what!);
      }
      const [topic, type] = what!.split('/');
      return !read(`${provider}/asyncapi.json`).channels[topic!]?.messages[type!];
    });
    expect(missing).toEqual([]);
  });
});

describe('every example', () => {
  it.each(providers)('of %s matches its contract', async (name) => {
    const examples = (await import(`../../contracts/${name}/examples.ts`)) as Record<
      string,
      { schema: z.ZodType; value: unknown }
    >;
    const all = Object.entries(examples);
    expect(all.length).toBeGreaterThan(1);
    for (const [what, { schema, value }] of all)
      expect(schema.safeParse(value).success, what).toBe(true);
  });
});

describe('a published message', () => {
  const before = {
    orderId: z.guid(),
    amountMinor: z.int(),
    reason: z.enum(['late', 'short']),
    note: z.string().optional(),
    lines: z.array(z.object({ quantity: z.int() })),
  };
  const compared = (change: object, without: string[] = []) => {
    const after = Object.fromEntries(
      Object.entries({ ...before, ...change }).filter(([name]) => !without.includes(name)),
    );
    const schema = (shape: object) => z.toJSONSchema(z.object(shape as never), { io: 'input' });
    return incompatibilities(schema(before) as never, schema(after) as never);
  };
  it('may gain an optional field', () =>
    expect(compared({ colour: z.string().optional() })).toEqual([]));
  it.each<[string, object, string[], RegExp]>([
    ['lose a field', {}, ['note'], /note is gone \(forward/],
    ['gain a required field', { colour: z.string() }, [], /colour is new and required \(backward/],
    ['make a field optional', { orderId: z.guid().optional() }, [], /orderId may be absent now/],
    ['make a field required', { note: z.string() }, [], /note is required now \(backward/],
    ['change a type', { amountMinor: z.string() }, [], /amountMinor: type was "integer"/],
    [
      'widen a type',
      { amountMinor: z.number() },
      [],
      /amountMinor: type was "integer", is "number"/,
    ],
    ['narrow a type', { amountMinor: z.int().max(9) }, [], /amountMinor: maximum was/],
    [
      'add a value',
      { reason: z.enum(['late', 'short', 'lost']) },
      [],
      /may be "lost" now \(forward/,
    ],
    ['drop a value', { reason: z.enum(['late']) }, [], /cannot be "short" \(backward/],
    [
      'change an item',
      { lines: z.array(z.object({ units: z.int() })) },
      [],
      /lines\[\]\.quantity is gone/,
    ],
  ])('must not %s', (_, change, without, message) => {
    const errors = compared(change, without);
    expect(errors.join('\n')).toMatch(message);
  });
});
