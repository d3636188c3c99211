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

  /** Appends a security event to the platform's log only: who has done what. Never a secret. */
  record(name: 'authz_admin' | 'authn_token_invalid', who: string | undefined, what: string): void {
    const level = name === 'authz_admin' ? 'info' : 'warn';
    const line = { time: new Date().toISOString(), level, security_event: name, who, what };
    this.#append({ ...line, from: '127.0.0.1', msg: 'Security event' });
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
    this.#append({ ...rest, msg });
    this.#emitter.emit('event', event);
  }

  #append(line: object): void {
    try {
      appendFileSync(this.#logFile, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    } catch {
      // A full disk must not end the platform: listeners still receive the event.
    }
  }
}
