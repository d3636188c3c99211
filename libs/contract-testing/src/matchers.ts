import { MatchersV3 } from '@pact-foundation/pact';
import { z } from 'zod';

interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

// Shorter than zod's own, so that pacts stay readable.
const patterns: Readonly<Record<string, string>> = {
  'date-time': '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$',
  uuid: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
};

/**
 * Converts a schema and an example to Pact matchers: only the fields of the schema, each matched by type, format or
 * enum. Values of the provider state (such as an id) are matched exactly; so are null and absence, because Pact has no
 * "or": they need examples of their own.
 * @throws ZodError when the example does not satisfy the schema
 */
export function matching(schema: z.ZodType, example: unknown, fixed: readonly unknown[]): unknown {
  return matcherOf(z.toJSONSchema(schema) as JsonSchema, schema.parse(example), fixed);
}

function matcherOf(schema: JsonSchema, value: unknown, fixed: readonly unknown[]): unknown {
  if (value === null || fixed.includes(value) || schema.const !== undefined) return value;
  if (schema.anyOf) {
    const branch = schema.anyOf.find(({ type }) => type !== 'null');
    return branch ? matcherOf(branch, value, fixed) : value;
  }
  if (schema.enum)
    return MatchersV3.regex(`^(${schema.enum.map(String).join('|')})$`, String(value));
  if (Array.isArray(value)) {
    const [first] = value;
    const items = schema.items ?? {};
    return first === undefined ? [] : MatchersV3.eachLike(matcherOf(items, first, fixed));
  }
  if (typeof value === 'object') {
    const named = Object.entries(value).filter(([, each]) => each !== undefined);
    return Object.fromEntries(
      named.map(([name, each]) => [name, matcherOf(schema.properties?.[name] ?? {}, each, fixed)]),
    );
  }
  if (typeof value === 'string') {
    const pattern = patterns[schema.format ?? ''] ?? schema.pattern;
    return pattern ? MatchersV3.regex(pattern, value) : MatchersV3.string(value);
  }
  if (typeof value === 'number')
    return schema.type === 'integer' ? MatchersV3.integer(value) : MatchersV3.number(value);
  return MatchersV3.boolean(value as boolean);
}
