import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { metrics } from '@fieldguide/telemetry';
import { Injectable } from '@nestjs/common';
import pLimit from 'p-limit';
import { Secrets } from '../session/secrets.ts';
import { errors } from './account.errors.ts';

const derive = promisify(argon2);

// OWASP's minimum for argon2id: 19 MiB, 2 passes; about 23 ms of one core (measured).
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
/** For an unknown account: no password has this tag. */
const NO_ACCOUNT = phc(Buffer.alloc(16), Buffer.alloc(32));
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
const hashes = metrics.counter('password_hashes_total', 'Passwords hashed, to store or to compare');
const CONCURRENT_MAX = 2;
const WAITING_MAX = 100;

/** Hashes passwords with argon2id, a few concurrently: without a bound, sign-ins would starve everything else. */
@Injectable()
export class Passwords {
  readonly #limit = pLimit(CONCURRENT_MAX);

  constructor(private readonly secrets: Secrets) {}

  /** @returns in PHC form, so that the cost can grow without breaking old hashes */
  async hash(password: string): Promise<string> {
    const salt = this.secrets.bytes(16);
    const tag = await this.#derive(password, salt, COST);
    return phc(salt, tag);
  }

  /** Costs one argon2 for a known account and for an unknown one, which has no hash. */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const [, memory, passes, parallelism, salt, tag] = PHC.exec(hash ?? NO_ACCOUNT) ?? [];
    if (!salt || !tag) throw new Error('A stored password hash is not readable');
    const expected = Buffer.from(tag, 'base64');
    const cost = {
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
      tagLength: expected.length,
    };
    const found = await this.#derive(password, Buffer.from(salt, 'base64'), cost);
    return timingSafeEqual(found, expected) && hash !== undefined;
  }

  #derive(password: string, nonce: Buffer, cost: typeof COST): Promise<Buffer> {
    if (this.#limit.pendingCount >= WAITING_MAX) throw errors.tooManySignIns();
    hashes.inc();
    return this.#limit(
      () => derive('argon2id', { message: password, nonce, ...cost }) as Promise<Buffer>,
    );
  }
}

function phc(salt: Buffer, tag: Buffer): string {
  const { memory, passes, parallelism } = COST;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
