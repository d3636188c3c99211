import {
  closeSync,
  createReadStream,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  watch,
} from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { appNames } from '@fieldguide/platform-host/apps';
import type { Environment } from '@fieldguide/platform-host/environment';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';

/** One line of a log. */
export interface LogLine {
  /** `app-1`, `kafka`, `platform` */
  readonly source: string;
  /** ISO 8601; a line without a time has that of the line before. */
  readonly time: string;
  /** As it was written. */
  readonly text: string;
}

export interface LogQuery {
  /** One of the apps, a backing service, or `platform`; all when not given. */
  readonly source?: string | undefined;
  readonly since?: Date | undefined;
}

export const logSources = [...appNames, 'postgres', 'kafka', 'consul', 'platform', 'stage'];

/** What was logged up to now, merged by time. */
export async function readLogs(environment: Environment, query: LogQuery): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const since = query.since?.toISOString() ?? '';
  for (const file of logFiles(environment, query)) {
    for await (const line of read(environment, file)) if (line.time >= since) lines.push(line);
  }
  return lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

/** What is logged from now on, until the signal. */
export async function* followLogs(
  environment: Environment,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const ends = new Map(
    logFiles(environment, query).map((file) => [file, sizeOf(environment, file)]),
  );
  for await (const file of changes(environment.path('logs'), signal)) {
    if (!isWanted(file, query)) continue;
    const begin = ends.get(file) ?? 0;
    const size = sizeOf(environment, file);
    const start = size < begin ? 0 : begin; // rotated: read from the start
    const end = start + wholeLines(environment.path('logs', file), start, size - start);
    ends.set(file, end);
    if (end > start) yield* read(environment, file, { start, end: end - 1 });
  }
}

/** One line for a person: who, when, how bad, what. */
export function formatLine({ source, text }: LogLine): string {
  const colour =
    colours[[...source].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % colours.length]!;
  const label = styleText(colour, source.padEnd(18));
  const parsed = parse(text);
  if (!parsed) return `${label} ${text}`;
  const { time, level, msg, service: _s, instance: _i, app: _a, ...rest } = parsed;
  const more = Object.keys(rest).length > 0 ? styleText('dim', ` ${JSON.stringify(rest)}`) : '';
  const isError = level === 'error' || level === 'fatal';
  const levelText = isError ? styleText('red', String(level)) : String(level);
  return `${label} ${String(time).slice(11, 23)} ${levelText} ${msg}${more}`;
}

/** For programs: one JSON object, whatever the line was. */
export function toJson({ source, time, text }: LogLine): string {
  const parsed = parse(text);
  return JSON.stringify(parsed ? { source, ...parsed } : { source, time, msg: text });
}

const CHUNK_BYTES = 1_048_576;

const colours = [
  'cyan',
  'green',
  'yellow',
  'magenta',
  'blue',
  'redBright',
  'cyanBright',
  'greenBright',
] as const;

function parse(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function logFiles(environment: Environment, query: LogQuery): string[] {
  const folder = environment.path('logs');
  if (query.source) parseChoice('log', query.source, logSources);
  return existsSync(folder) ? readdirSync(folder).filter((file) => isWanted(file, query)) : [];
}

/** `app` means `app-1.log` and `app-provision.log`, and no other app with the same prefix. */
function isWanted(file: string, { source }: LogQuery): boolean {
  if (!file.endsWith('.log')) return false;
  const own = basename(file, '.log').replace(/-(\d+|provision)$/, '');
  return source === undefined || own === source;
}

function sizeOf(environment: Environment, file: string): number {
  return statSync(environment.path('logs', file), { throwIfNoEntry: false })?.size ?? 0;
}

/** How many of the bytes make up whole lines: the last one may still be on its way. */
function wholeLines(path: string, start: number, bytes: number): number {
  const part = Buffer.alloc(Math.max(0, Math.min(bytes, CHUNK_BYTES)));
  const file = openSync(path, 'r');
  const count = readSync(file, part, 0, part.length, start);
  closeSync(file);
  return part.subarray(0, count).lastIndexOf('\n') + 1;
}

async function* read(
  environment: Environment,
  file: string,
  part?: { start: number; end: number },
): AsyncGenerator<LogLine> {
  const input = createReadStream(join(environment.path('logs'), file), part);
  const source = basename(file, '.log');
  let time = '';
  for await (const text of createInterface({ input })) {
    time = timeOf(text) ?? time;
    yield { source, time, text };
  }
}

async function* changes(folder: string, signal: AbortSignal): AsyncGenerator<string> {
  const waiting = new Set<string>();
  let wake: () => void = () => undefined;
  const watcher = watch(folder, { signal }, (_event, file) => {
    if (file) waiting.add(file);
    wake();
  });
  watcher.on('error', () => undefined);
  signal.addEventListener('abort', () => wake(), { once: true });
  while (!signal.aborted) {
    const [next] = waiting;
    if (next === undefined) {
      await new Promise<void>((resolve) => (wake = resolve));
      continue;
    }
    waiting.delete(next);
    yield next;
  }
}

/** Ours are JSON; PostgreSQL, Kafka and Consul begin with a date of their own. */
function timeOf(line: string): string | undefined {
  const json = /"time":"([^"]+)"/.exec(line)?.[1];
  if (json) return json;
  const [, date, clock] = /^\s*\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d[.,]?\d*)/.exec(line) ?? [];
  return date && clock ? `${date}T${clock.replace(',', '.')}Z` : undefined;
}
