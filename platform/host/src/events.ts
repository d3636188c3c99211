import { EventEmitter } from 'node:events';
import { appendFileSync } from 'node:fs';

/** Something that happened, for people at the screen and for programs at the API. */
export interface PlatformEvent {
  readonly id: number;
  readonly time: string;
  readonly level: 'info' | 'warn';
  readonly text: string;
  /** `ordering`, when it is about an app. */
  readonly app?: string;
  /** `ordering/2`, when it is about one instance. */
  readonly instance?: string;
  /** `Kafka`, when it is about a backing service. */
  readonly service?: string;
}
export type EventSubject = Pick<PlatformEvent, 'app' | 'instance' | 'service'>;

/** For a line that tells how long something took; `startMs` is of `performance.now()`. */
export function secondsSince(startMs: number): string {
  return ((performance.now() - startMs) / 1_000).toFixed(1);
}

const RECENT_MAX = 200;

/** What happens, told to whoever listens, and written to the platform's own log. */
export class Events {
  readonly #emitter = new EventEmitter();
  readonly #logFile: string;
  readonly #recent: PlatformEvent[] = [];
  #count = 0;

  constructor(logFile: string) {
    this.#logFile = logFile;
    this.#emitter.setMaxListeners(0);
  }

  get recent(): readonly PlatformEvent[] {
    return this.#recent;
  }

  info(text: string, subject: EventSubject = {}): void {
    this.#publish({ ...this.#next('info'), text, ...subject });
  }

  /** Something that nobody asked for. */
  warn(text: string, subject: EventSubject = {}): void {
    this.#publish({ ...this.#next('warn'), text, ...subject });
  }

  /** @returns what ends the listening */
  listen(listener: (event: PlatformEvent) => void): () => void {
    this.#emitter.on('event', listener);
    return () => this.#emitter.off('event', listener);
  }

  #next(level: PlatformEvent['level']) {
    return { id: ++this.#count, time: new Date().toISOString(), level };
  }

  #publish(event: PlatformEvent): void {
    if (this.#recent.push(event) > RECENT_MAX) this.#recent.shift();
    const { id: _, text: msg, ...rest } = event;
    try {
      appendFileSync(this.#logFile, `${JSON.stringify({ ...rest, msg })}\n`, { mode: 0o600 });
    } catch {
      // A full disk must not end the platform; the screen still tells.
    }
    this.#emitter.emit('event', event);
  }
}
