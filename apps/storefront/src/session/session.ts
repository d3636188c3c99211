import type { TokenRequest } from '@fieldguide/contracts/identity';
import { ApiError } from '../api/api-error.ts';
import type { Tokens } from '../api/tokens.ts';
import { type Caller, callerOf } from './access-token.ts';

export const SESSION_KEY = 'fieldguide.session';
const MARGIN_MS = 10_000;

interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
  readonly expiresInSeconds: number;
}

/** `resuming`: this browser has a session, and this tab has no access token of it yet. `ended`: sign in again. */
export type SessionState =
  | { readonly status: 'anonymous' | 'resuming' | 'ended' }
  | { readonly status: 'signedIn'; readonly caller: Caller };

export interface SessionParts {
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Runs one piece of work at a time in all tabs of this browser. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  readonly signIn: (request: TokenRequest) => Promise<SignedIn>;
  readonly now: () => number;
}

/**
 * The session of this browser: an access token in the memory of each tab, one refresh token for all tabs (SECURITY.md).
 * Identity accepts a refresh token once, and for a few seconds again; later it ends the session. So a tab reads, uses and replaces it
 * under a lock.
 */
export class Session implements Tokens {
  readonly #parts: SessionParts;
  readonly #listeners = new Set<() => void>();
  #access: { readonly token: string; readonly sid: string; readonly untilMs: number } | undefined;
  #state: SessionState;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#state = { status: this.#refreshToken ? 'resuming' : 'anonymous' };
  }

  get state(): SessionState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  async signIn(email: string, password: string): Promise<void> {
    await this.#parts.exclusively(async () =>
      this.#accept(await this.#parts.signIn({ grantType: 'password', email, password })),
    );
  }

  /** Forgets the session in all tabs. */
  forget(status: 'anonymous' | 'ended' = 'anonymous'): void {
    this.#parts.storage.removeItem(SESSION_KEY);
    this.#access = undefined;
    this.#become({ status });
  }

  async current(): Promise<string | undefined> {
    if (this.#access && this.#access.untilMs - MARGIN_MS > this.#parts.now())
      return this.#access.token;
    return this.#refreshToken ? this.renew(this.#access?.token) : undefined;
  }

  /** @throws when the session may still be good, but no answer came: nothing is forgotten then */
  renew(rejected: string | undefined): Promise<string | undefined> {
    return this.#parts.exclusively(async () => {
      if (this.#access && this.#access.token !== rejected) return this.#access.token;
      const refreshToken = this.#refreshToken;
      if (!refreshToken) return this.forget('ended') as undefined;
      try {
        this.#accept(await this.#parts.signIn({ grantType: 'refreshToken', refreshToken }));
      } catch (error) {
        if (!(error instanceof ApiError) || error.problem.status !== 401) throw error;
        return this.forget('ended') as undefined;
      }
      return this.#access!.token;
    });
  }

  /** Another tab has signed in, out, or refreshed. */
  onStorageChange(): void {
    const sid = sidOf(this.#refreshToken ?? '');
    if (sid === (this.#access?.sid ?? '')) return;
    this.#access = undefined;
    this.#become({ status: sid ? 'resuming' : 'anonymous' });
  }

  get #refreshToken(): string | null {
    return this.#parts.storage.getItem(SESSION_KEY);
  }

  #accept({ accessToken: token, refreshToken = '', expiresInSeconds }: SignedIn): void {
    this.#parts.storage.setItem(SESSION_KEY, refreshToken);
    const untilMs = this.#parts.now() + expiresInSeconds * 1_000;
    this.#access = { token, sid: sidOf(refreshToken), untilMs };
    this.#become({ status: 'signedIn', caller: callerOf(token) });
  }

  #become(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

const sidOf = (refreshToken: string) => refreshToken.split('.')[0]!;
