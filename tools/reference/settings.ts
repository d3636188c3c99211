import { globSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isMarked } from '@fieldguide/config';
import { outlineOf } from '@fieldguide/service/inspection';
import type { Type } from '@nestjs/common';
import { z } from 'zod';
import { page, table } from './markdown.ts';

/** Reads the configuration classes of every app from its modules. */
export async function settingsPage(): Promise<string> {
  const services = new Map<string, Readonly<Record<string, z.ZodType>>>();
  for (const file of globSync('apps/*/src/*.module.ts').toSorted()) {
    const [module] = Object.values(await import(pathToFileURL(file).href)) as Type[];
    const { configs } = await outlineOf(module!);
    const shapes = configs.map(({ schema }) => schema.shape);
    services.set(file.split(/[\\/]/)[1]!, Object.assign({}, ...shapes));
  }
  const comments = commentsOf(globSync(['apps/*/src/*.config.ts', 'libs/*/src/*.ts']));
  const keys = Map.groupBy(
    [...services].flatMap(([service, shape]) =>
      Object.keys(shape).map((key) => ({ service, key })),
    ),
    ({ key }) => key,
  );
  const isShared = (key: string) => keys.get(key)!.length > 1;
  const rows = (shape: Readonly<Record<string, z.ZodType>>, isWanted: (key: string) => boolean) =>
    Object.keys(shape)
      .filter(isWanted)
      .map((key) => row(key, shape[key]!, comments.get(key) ?? ''));
  const shared = Object.assign({}, ...services.values()) as Record<string, z.ZodType>;
  const heads = ['key', 'type', 'default', 'change takes effect', 'meaning'];
  return page(
    'Settings',
    'Sources, the later wins: default, Consul `…/common/<KEY>`, Consul `…/<service>/<KEY>`, environment variable or `<KEY>_FILE`. Consul is read only for settings that take effect immediately; a service logs and ignores other keys there. A service reports all wrong settings together and does not start. `npx fieldguide env SERVICE` shows the current values with their sources.',
    '## More than one service',
    table(
      [...heads, 'services'],
      rows(shared, isShared).map((cells, index) => {
        const of = keys.get(Object.keys(shared).filter(isShared)[index]!)!;
        return [
          ...cells,
          of.length === services.size ? 'all' : of.map(({ service }) => service).join(', '),
        ];
      }),
    ),
    ...[...services].flatMap(([service, shape]) => {
      const own = rows(shape, (key) => !isShared(key));
      return own.length > 0 ? [`## ${service}`, table(heads, own)] : [];
    }),
  );
}

/** Finds settings in `fieldguide env` commands of a text that no service has. */
export function unknownSettingsIn(
  file: string,
  text: string,
  defined: ReadonlySet<string>,
): string[] {
  return [...text.matchAll(/fieldguide env [a-z-]+ (?:--unset )?([A-Z][A-Z0-9_]+)/g)]
    .filter(([, key]) => !defined.has(key!))
    .map(([, key]) => `${file} changes the setting ${key}, which no service has`);
}

function row(key: string, type: z.ZodType, comment: string): string[] {
  const schema = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' });
  if (!comment)
    throw new Error(`The setting ${key} has no doc comment. Try: add one above the key.`);
  const isSecret = isMarked(type, 'secret');
  const isRequired = !type.safeParse(undefined).success;
  const standard = isRequired ? 'required' : textOf(schema.default);
  const effect = isMarked(type, 'live') ? 'immediately' : 'after a restart';
  return [`\`${key}\``, typeOf(schema, isSecret), standard, effect, comment];
}

function typeOf(schema: z.core.JSONSchema.BaseSchema, isSecret: boolean): string {
  const choices = schema.enum?.map((each) => `\`${each}\``).join(', ');
  const { type = 'string', minimum, maximum, format, minLength } = schema;
  const bounds = [
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER && `≥ ${minimum}`,
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `≤ ${maximum}`,
    minLength !== undefined && minLength > 1 && `≥ ${minLength} characters`,
  ].filter(Boolean);
  const name = choices ?? (format === 'uri' ? 'URL' : String(type));
  return [isSecret && 'secret', name, ...bounds].filter(Boolean).join(', ');
}

function textOf(value: unknown): string {
  return value === undefined ? '–' : `\`${String(value)}\``;
}

/** The doc comment above each key. */
function commentsOf(files: readonly string[]): Map<string, string> {
  const found = files.flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(
      /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*([A-Z][A-Z0-9_]+): /g,
    ),
  ]);
  return new Map(
    found.map(([, comment, key]) => [key!, comment!.replaceAll(/\s*\n\s*\*\s?/g, ' ').trim()]),
  );
}
