import { EventEmitter } from 'node:events';
import { appendFileSync } from 'node:fs';

/** An event of the platform, for the terminal and the API. */
export interface PlatformEvent {
  readonly id: number;
  readonly time: string;
  readonly level: 'info' | 'warn';
  readonly text: string;
  /** The app, when the event concerns one. */
  readonly app?: string;
  /** `<app>/2`, when the event concerns one instance. */
  readonly instance?: string;
  /** `Kafka`, when the event concerns a backing service. */
  readonly service?: string;
}
export type EventSubject = Pick<PlatformEvent, 'app' | 'instance' | 'service'>;

/** Formats the seconds since `startMs`, a value of `performance.now()`. */
export function secondsSince(startMs: number): string {
  return ((performance.now() - startMs) / 1_000).toFixed(1);
}

const RECENT_MAX = 200;

/** Publishes the platform's events to listeners and appends them to the platform's log. */
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

  /** Publishes an event that no operation has requested, like a crash. */
  warn(text: string, subject: EventSubject = {}): void {
    this.#publish({ ...this.#next('warn'), text, ...subject });
  }

  /** @returns a function that removes the listener */
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
      // A full disk must not end the platform: listeners still receive the event.
    }
    this.#emitter.emit('event', event);
  }
}
