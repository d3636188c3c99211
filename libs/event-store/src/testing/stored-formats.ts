import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { DomainEvent } from '../decider.ts';
import { Formats, type Upcasters } from '../formats.ts';

/** The stored example of one format of one type. */
interface Stored {
  readonly schema: object;
  readonly example: object;
}

interface Options<Event extends DomainEvent> {
  /** The folder of the examples: `<Type>.v<format>.json`, one for each format that was ever stored. */
  readonly folder: string;
  /** The current schemas of the events. */
  readonly schemas: { readonly [Type in Event['type']]: z.ZodType };
  /** One event of each type, with all optional fields. */
  readonly examples: readonly Event[];
  readonly upcasters: Upcasters<Event>;
  /** Applies an event to a decider or projection; an error fails the test. */
  readonly loads: (event: Event) => void;
}

/**
 * Checks that a service can read every event format in its log. The file of a format never changes; a new format has its
 * own number, its own file, and an upcaster from the one before. `vitest run -u` writes new files.
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
    it.each(types)('stores %s as in its newest example', async (type) => {
      const example = examples.find((each) => each.type === type)?.data;
      expect(schemas[type].parse(example), `an example of ${type}`).toEqual(example);
      const now = { schema: schemaOf(schemas[type]), example };
      await expect(
        `${JSON.stringify(now, null, 2)}\n`,
        `The format of ${type} differs from the stored one. Keep its file unchanged: add an upcaster from it, ` +
          'which gives the new format its own number; then run the test with -u, which writes its file.',
      ).toMatchFileSnapshot(join(folder, `${type}.v${newest(type)}.json`));
    });

    it('has an example of every former format, and no other files', () => {
      const names = files.map(({ file }) => file);
      const before = types.flatMap((type) => filesOf(type, newest(type) - 1));
      expect(names).toEqual(expect.arrayContaining(before));
      const all = types.flatMap((type) => filesOf(type, newest(type)));
      expect(names.filter((file) => !all.includes(file))).toEqual([]);
    });

    it.each(files)('reads and loads $file in the current format', ({ file, type, format }) => {
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

/** Omits the patterns with which zod checks a format: they change with the version of zod, and the stored data does not. */
function schemaOf(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.format) delete jsonSchema.pattern;
    },
  });
  return rest;
}
