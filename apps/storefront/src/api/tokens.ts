/** Where the client gets access tokens from; a fixed token is one that is never renewed. */
export interface Tokens {
  current(): Promise<string | undefined>;
  /** Returns another token than the rejected one, or undefined when the session has ended. */
  renew(rejected: string): Promise<string | undefined>;
}

/** A token that is never renewed, or none. */
export class FixedToken implements Tokens {
  readonly #token: string | undefined;

  constructor(token: string | undefined) {
    this.#token = token;
  }

  async current() {
    return this.#token;
  }

  async renew() {
    return undefined;
  }
}
