import { createHmac } from 'node:crypto';
import { fingerprint, sameSecret } from './secrets.ts';
import type { Session } from './session.entity.ts';

/** For how long a refresh token works again after its use: a second tab, or an answer that was lost. */
const REUSE_MS = 10_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

export interface Limits {
  /** Days without a refresh after which a session ends. */
  readonly SESSION_IDLE_DAYS: number;
  /** Days after which it ends in any case. */
  readonly SESSION_DAYS: number;
}

export function expiryOf(begunAt: Date, now: Date, limits: Limits): Date {
  const idle = now.getTime() + limits.SESSION_IDLE_DAYS * DAY_MS;
  return new Date(Math.min(idle, begunAt.getTime() + limits.SESSION_DAYS * DAY_MS));
}

/**
 * Uses a refresh token. The next one is derived from it and a salt, so that everyone who sends the same token within
 * REUSE_MS receives the same next token: two tabs stay in one session, and no token but a hash is stored.
 * @param salt used if the token is the present one
 * @returns the next token; undefined when the token was used before, so someone has copied it
 */
export function rotate(
  session: Session,
  secret: string,
  now: Date,
  salt: string,
  limits: Limits,
): string | undefined {
  if (sameSecret(secret, session.refreshHash)) {
    const next = successorOf(secret, salt);
    session.previousHash = session.refreshHash;
    session.refreshHash = fingerprint(next);
    session.rotationSalt = salt;
    session.refreshedAt = now;
    session.expiresAt = expiryOf(session.begunAt, now, limits);
    return next;
  }
  const { previousHash, rotationSalt, refreshedAt } = session;
  const isRecent = now.getTime() - refreshedAt.getTime() <= REUSE_MS;
  if (!previousHash || !rotationSalt || !isRecent || !sameSecret(secret, previousHash))
    return undefined;
  return successorOf(secret, rotationSalt);
}

const successorOf = (secret: string, salt: string) =>
  createHmac('sha256', salt).update(secret).digest('base64url');
