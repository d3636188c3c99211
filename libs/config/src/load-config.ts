import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type ConfigClass, isMarked } from './config.ts';
import type { KvSource } from './consul-kv.ts';

type SourceOf = 'default' | 'environment' | `file ${string}` | `consul ${string}`;

export interface LoadedConfig<Self = object> {
  /** One object for the lifetime of the process; live keys change in place. */
  readonly values: Self;
  /** Each key with its value as text (`***` for secrets) and its source, for `/info`. */
  describe(): Record<string, { value: string; source: SourceOf; live: boolean }>;
  /** Files that live keys are read from: `refresh` reads them again. */
  readonly liveFiles: readonly string[];
  /**
   * Applies the current values of Consul and files to the live keys; an invalid value rejects all changes, with the reason in
   * `refused`. `ignored` has the paths of other keys, each time one appears or changes: only live keys are read.
   */
  refresh(kv: ReadonlyMap<string, string>): {
    changed: string[];
    refused?: string;
    ignored: readonly string[];
  };
}

/**
 * Schema default < Consul `…/common/<KEY>` < Consul `…/<service>/<KEY>` < environment variable or `<KEY>_FILE`. Only
 * live keys are read from Consul.
 * @throws Error with every error and what to try, never with the value of a secret
 */
export function loadConfig<Self extends object>(
  config: ConfigClass<Self>,
  environment: Readonly<Record<string, string | undefined>>,
  kv: KvSource = { values: new Map() },
  name = config.name,
): LoadedConfig<Self> {
  const { shape } = config.schema;
  const fixed = () => fromEnvironment(Object.keys(shape), environment);
  const raw = gather(shape, fixed(), kv.values);
  const read = config.schema.safeParse(
    Object.fromEntries([...raw].map(([key, { text }]) => [key, text])),
  );
  if (!read.success) throw new Error(explain(name, read.error, raw));

  const values = Object.assign(Object.create(config.prototype) as object, read.data);
  let sources = raw;
  let others: ReadonlyMap<string, string> = new Map();

  return {
    values: values as Self,
    describe: () =>
      Object.fromEntries(
        Object.entries(values).map(([key, value]) => [
          key,
          {
            value: isMarked(shape[key], 'secret') ? '***' : textOf(value),
            source: sources.get(key)?.source ?? 'default',
            live: isMarked(shape[key], 'live'),
          },
        ]),
      ),
    liveFiles: [...raw].flatMap(([key, { source }]) =>
      isMarked(shape[key], 'live') && source.startsWith('file ') ? source.slice(5) : [],
    ),
    refresh(latest) {
      const before = others;
      others = new Map([...latest].filter(([path]) => !isRead(shape, path)));
      const ignored = [...others.keys()].filter((path) => others.get(path) !== before.get(path));
      let current: Found;
      try {
        current = gather(shape, fixed(), latest);
      } catch (error) {
        return { changed: [], ignored, refused: (error as Error).message };
      }
      const wanted = new Map(sources);
      for (const key of Object.keys(shape).filter((each) => isMarked(shape[each], 'live'))) {
        const found = current.get(key);
        if (found) wanted.set(key, found);
        else wanted.delete(key);
      }
      const next = config.schema.safeParse(
        Object.fromEntries([...wanted].map(([key, { text }]) => [key, text])),
      );
      if (!next.success)
        return { changed: [], ignored, refused: explain(name, next.error, wanted) };
      const changed = Object.keys(next.data).filter(
        (key) =>
          isMarked(shape[key], 'live') &&
          next.data[key] !== (values as Record<string, unknown>)[key],
      );
      for (const key of changed) (values as Record<string, unknown>)[key] = next.data[key];
      sources = wanted;
      return { changed, ignored };
    },
  };
}

type Found = ReadonlyMap<string, { text: string; source: SourceOf }>;

/** The values that environment variables, or the files that they name, give to these keys. */
export function fromEnvironment(
  keys: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Found {
  const found = new Map<string, { text: string; source: SourceOf }>();
  for (const key of keys) {
    const file = env[`${key}_FILE`];
    const text = env[key];
    if (text !== undefined && text !== '') found.set(key, { text, source: 'environment' });
    else if (file)
      found.set(key, { text: readFileSync(file, 'utf8').trim(), source: `file ${file}` });
  }
  return found;
}

function gather(
  shape: Record<string, unknown>,
  fixed: Found,
  kv: ReadonlyMap<string, string>,
): Found {
  const found = new Map<string, { text: string; source: SourceOf }>();
  for (const [path, text] of kv)
    if (isRead(shape, path)) found.set(keyOf(path), { text, source: `consul ${path}` });
  for (const [key, value] of fixed) found.set(key, value);
  return found;
}

const keyOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

/** A writer of Consul must not set addresses, keys or secrets: it is read for live settings only. */
function isRead(shape: Record<string, unknown>, path: string): boolean {
  const type = shape[keyOf(path)];
  return isMarked(type, 'live') && !isMarked(type, 'secret');
}

function explain(name: string, error: z.ZodError, found: Found): string {
  const problems = error.issues.map(({ path, message }) => {
    const key = String(path[0]);
    const source = found.get(key)?.source;
    return `  ${key}: ${message} ${source ? `(from ${source})` : '(not set)'}`;
  });
  return [
    `The configuration of ${name} cannot be used:`,
    ...problems,
    'Try: set each as an environment variable, as <KEY>_FILE naming a file, or, if it is live, in Consul under <system>/<environment>/<service>/<KEY>.',
  ].join('\n');
}

function textOf(value: unknown): string {
  return value instanceof Set ? [...value].join(',') : String(value);
}
