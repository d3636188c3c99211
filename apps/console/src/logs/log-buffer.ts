/** One line of a log, as the platform sends it: JSON of ours with its fields, or text of a backing service. */
export interface LogLine {
  readonly source: string;
  readonly time: string;
  readonly level?: string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** What the buffer keeps: ready to filter and to show. */
export interface LogEntry extends LogLine {
  readonly id: number;
  readonly app: string;
  /** Fields beyond time, level, message and origin, as JSON. */
  readonly more: string;
}

export interface LogFilter {
  readonly app: string;
  readonly level: string;
  readonly text: string;
  readonly trace: string;
  readonly order: string;
}

export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
export const LINES_MAX = 20_000;

/** The last lines, bounded: the oldest are dropped in blocks, so that adding is cheap at any rate. */
export class LogBuffer {
  #entries: LogEntry[] = [];
  #count = 0;
  #dropped = 0;

  add(lines: readonly LogLine[]): void {
    // Of a burst beyond the bound only its end is kept.
    const kept = lines.slice(-LINES_MAX);
    this.#dropped += lines.length - kept.length;
    for (const line of kept) this.#entries.push(toEntry(line, ++this.#count));
    const excess = this.#entries.length - LINES_MAX;
    if (excess <= 0) return;
    this.#dropped += excess;
    this.#entries = this.#entries.slice(excess);
  }

  get dropped(): number {
    return this.#dropped;
  }

  get lastId(): number {
    return this.#count;
  }

  /** Returns entries after an id that match; the whole buffer after 0. */
  matching(filter: LogFilter, afterId = 0): LogEntry[] {
    const first = this.#entries[0]?.id ?? 0;
    return this.#entries.slice(Math.max(0, afterId + 1 - first)).filter(matcher(filter));
  }
}

function toEntry(line: LogLine, id: number): LogEntry {
  const {
    source,
    time: _t,
    level: _l,
    msg: _m,
    service: _s,
    instance: _i,
    app: _a,
    ...rest
  } = line;
  const more = Object.keys(rest).length > 0 ? JSON.stringify(rest) : '';
  return { ...line, id, app: source.replace(/-(\d+|provision)$/, ''), more };
}

function matcher({ app, level, text, trace, order }: LogFilter): (entry: LogEntry) => boolean {
  const least = levels.indexOf(level);
  const wanted = [text, trace, order].filter(Boolean).map((each) => each.toLowerCase());
  return (entry) =>
    (app === '' || entry.app === app) &&
    (least < 0 || levels.indexOf(entry.level ?? 'info') >= least) &&
    wanted.every((each) => `${entry.msg ?? ''} ${entry.more}`.toLowerCase().includes(each));
}
