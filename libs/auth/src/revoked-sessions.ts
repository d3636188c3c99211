import type { Clock } from '@fieldguide/clock';

/** Sessions that ended before their tokens expire; each instance hears of them by broadcast. */
export class RevokedSessions {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param until when the last token of the session has expired and the entry is needed no more */
  revoke(sid: string, until: Date): void {
    const now = this.#clock.now().getTime();
    for (const [each, time] of this.#until) if (time <= now) this.#until.delete(each);
    this.#until.set(sid, until.getTime());
  }

  has(sid: string): boolean {
    return this.#until.has(sid);
  }
}
