import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { DomainEvent } from '../decider.ts';
import { Formats, type Upcasters } from '../formats.ts';

/** What a stored example says of one format of one type. */
interface Stored {
  readonly schema: object;
  readonly example: object;
}

interface Options<Event extends DomainEvent> {
  /** Where the examples lie: `<Type>.v<format>.json`, one for each format there ever was. */
  readonly folder: string;
  /** What events hold today. */
  readonly schemas: { readonly [Type in Event['type']]: z.ZodType };
  /** One of each type, with everything in it that may be. */
  readonly examples: readonly Event[];
  readonly upcasters: Upcasters<Event>;
  /** Lets a model or a view take an event in; what it throws fails the test. */
  readonly loads: (event: Event) => void;
}

/**
 * Holds a service to what lies in its log: a format is what its file says, for ever; another one has a number of its
 * own, a file of its own, and an upcaster from the one before. New files are written by `vitest run -u`.
 */
export function storedFormatsContract<Event extends DomainEvent>({
  folder,
  schemas,
  examples,
  upcasters,
  loads,
}: Options<Event>): void {
  const formats = new Formats(upcasters);
  const types = Object.keys(schemas) as Event['type'][];
  const newest = (type: Event['type']) => Number(formats.stored(type).split('@')[1] ?? 1);
  const files = readdirSync(folder).map((file) => {
    const [type = '', format] = file.replace(/\.json$/, '').split('.v') as [Event['type'], string];
    return { file, type, format: Number(format) };
  });

  describe('stored events', () => {
    it.each(types)('%s is stored as its newest example says', async (type) => {
      const example = examples.find((each) => each.type === type)?.data;
      expect(schemas[type].parse(example), `an example of ${type}`).toEqual(example);
      const now = { schema: schemaOf(schemas[type]), example };
      await expect(
        `${JSON.stringify(now, null, 2)}\n`,
        `The format of ${type} is another one than what is stored. Leave its file as it is: add an upcaster from it, ` +
          'which gives the new one a number of its own; then run the test with -u, which writes its file.',
      ).toMatchFileSnapshot(join(folder, `${type}.v${newest(type)}.json`));
    });

    it("have an example of every format before today's, and nothing else", () => {
      const there = files.map(({ file }) => file);
      const before = types.flatMap((type) => filesOf(type, newest(type) - 1));
      expect(there).toEqual(expect.arrayContaining(before));
      const all = types.flatMap((type) => filesOf(type, newest(type)));
      expect(there.filter((file) => !all.includes(file))).toEqual([]);
    });

    it.each(files)('of $file are read as today, and loaded', ({ file, type, format }) => {
      const { example } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Stored;
      const name = format === 1 ? type : `${type}@${format}`;
      const today = formats.upcast({ type: name, data: example } as Event);
      expect(today.type).toBe(type);
      expect(schemas[type].parse(today.data)).toEqual(today.data);
      loads(today);
    });
  });
}

const filesOf = (type: string, formats: number) =>
  Array.from({ length: formats }, (_, n) => `${type}.v${n + 1}.json`);

/** Without what only says how zod checks it: another version of zod stores nothing else. */
function schemaOf(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.format) delete jsonSchema.pattern;
    },
  });
  return rest;
}
