import { createReadStream, existsSync, readdirSync, statSync, watch } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { appNames } from '../apps.ts';
import type { Environment } from '../environment.ts';
import { Fault } from '../fault.ts';

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

/** Prints the logs of one app or of all, merged by time; with `follow` it goes on until Ctrl-C. */
export async function showLogs(
  environment: Environment,
  app: string | undefined,
  follow: boolean,
): Promise<void> {
  const folder = environment.path('logs');
  const wanted = (file: string) =>
    file.endsWith('.log') && (!app || basename(file).startsWith(app));
  const files = existsSync(folder) ? readdirSync(folder).filter(wanted) : [];
  if (files.length === 0) {
    throw new Fault(
      app ? `There are no logs of "${app}".` : 'There are no logs yet.',
      `one of: ${[...appNames, 'postgres', 'kafka', 'consul'].join(', ')}`,
    );
  }
  const lines: { time: string; text: string }[] = [];
  const ends = new Map<string, number>();
  for (const file of files) {
    ends.set(file, statSync(join(folder, file)).size);
    for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
      lines.push({ time: timeOf(line) ?? lines.at(-1)?.time ?? '', text: shown(file, line) });
    }
  }
  for (const { text } of lines.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)))
    console.log(text);
  if (!follow) return;
  for await (const file of changes(folder)) {
    if (!wanted(file)) continue;
    const start = ends.get(file) ?? 0;
    const end = statSync(join(folder, file)).size;
    if (end <= start) continue;
    ends.set(file, end);
    const input = createReadStream(join(folder, file), { start, end: end - 1 });
    for await (const line of createInterface({ input })) console.log(shown(file, line));
  }
}

async function* changes(folder: string): AsyncGenerator<string> {
  const waiting: string[] = [];
  let wake: () => void = () => undefined;
  watch(folder, (_event, file) => {
    if (file) waiting.push(file);
    wake();
  });
  for (;;) {
    const next = waiting.shift();
    if (next) yield next;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

function timeOf(line: string): string | undefined {
  return /"time":"([^"]+)"/.exec(line)?.[1];
}

/** One line each: who, when, how bad, what. */
function shown(file: string, line: string): string {
  const name = basename(file, '.log');
  const colour =
    colours[[...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % colours.length]!;
  const who = styleText(colour, name.padEnd(20));
  if (!line.startsWith('{')) return `${who} ${line}`;
  try {
    const {
      time,
      level,
      msg,
      service: _s,
      instance: _i,
      ...rest
    } = JSON.parse(line) as Record<string, unknown>;
    const more = Object.keys(rest).length > 0 ? styleText('dim', ` ${JSON.stringify(rest)}`) : '';
    const bad = level === 'error' || level === 'fatal';
    return `${who} ${String(time).slice(11, 23)} ${bad ? styleText('red', String(level)) : level} ${msg}${more}`;
  } catch {
    return `${who} ${line}`;
  }
}
