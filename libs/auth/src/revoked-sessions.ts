import type { Clock } from '@fieldguide/clock';

/** Sessions that ended before their tokens expire; every instance receives them by broadcast. */
export class RevokedSessions {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param until expiry of the session's last token, after which the entry is deleted */
  revoke(sid: string, until: Date): void {
    const now = this.#clock.now().getTime();
    // In the order of their ends: only those that are over are visited, also when very many sessions end.
    for (const [each, time] of this.#until) {
      if (time > now) break;
      this.#until.delete(each);
    }
    this.#until.set(sid, until.getTime());
  }

  has(sid: string): boolean {
    return this.#until.has(sid);
  }
}
