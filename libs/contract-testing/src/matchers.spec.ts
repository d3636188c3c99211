import { MatchersV3 } from '@pact-foundation/pact';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { matching } from './matchers.ts';

const { boolean, eachLike, integer, number, regex, string } = MatchersV3;
const id = '01900000-0000-7000-8000-000000000001';
const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

describe('an expectation', () => {
  it('contains only the fields of the schema, matched by type', () => {
    const read = z.object({
      name: z.string(),
      units: z.int(),
      weight: z.number(),
      sold: z.boolean(),
    });
    const example = { name: 'Tent', units: 2, weight: 1.5, sold: true, secret: 'not read' };
    expect(matching(read, example, [])).toEqual({
      name: string('Tent'),
      units: integer(2),
      weight: number(1.5),
      sold: boolean(true),
    });
  });
  it('matches a format or an enum where the schema has one', () => {
    const read = z.object({ id: z.guid(), kind: z.enum(['a', 'b']), code: z.string().regex(/^x/) });
    expect(matching(read, { id, kind: 'a', code: 'x1' }, [])).toEqual({
      id: regex(UUID, id),
      kind: regex('^(a|b)$', 'a'),
      code: regex('^x', 'x1'),
    });
  });
  it('matches the exact value of the state, of a constant, and null', () => {
    const read = z.object({ id: z.guid(), type: z.literal('T'), at: z.string().nullable() });
    const example = { id, type: 'T', at: null };
    expect(matching(read, example, [id])).toEqual(example);
  });
  it('matches every item like the first, and omits absent fields', () => {
    const read = z.object({
      lines: z.array(z.object({ n: z.int() })),
      note: z.string().optional(),
    });
    const example = { lines: [{ n: 1 }, { n: 2 }] };
    expect(matching(read, example, [])).toEqual({ lines: eachLike({ n: integer(1) }) });
  });
  it('uses the other type of a nullable field', () => {
    const read = z.object({ at: z.iso.datetime().nullable() });
    const [time, pattern] = [
      '2030-01-01T12:00:00Z',
      '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$',
    ];
    expect(matching(read, { at: time }, [])).toEqual({ at: regex(pattern, time) });
  });
  it('requires an example that the schema accepts', () =>
    expect(() => matching(z.object({ n: z.int() }), { n: 'one' }, [])).toThrow());
});
