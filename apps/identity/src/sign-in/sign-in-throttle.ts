import { type UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import { Injectable } from '@nestjs/common';
import { errors } from '../account/account.errors.ts';
import { fingerprint } from '../session/secrets.ts';
import { addressHashOf } from '../session/sessions.ts';
import { FailedSignIns } from './failed-sign-ins.entity.ts';
import { type Allowance, delayMs, ofAccount, ofAddress } from './sign-in-delay.model.ts';

// Not the present time: that of a concurrent attempt may be some milliseconds behind it.
const NEVER = new Date(0);

/** What an attempt is counted under. */
export interface Attempt {
  readonly account: string;
  readonly address: string;
}

/**
 * @param isKnown the address has begun a session of this account: it has a count of its own, so that failures elsewhere
 *   do not keep the customer out
 */
export function attemptOf(email: string, address: string, isKnown: boolean): Attempt {
  const account = fingerprint(isKnown ? `account ${email} at ${address}` : `account ${email}`);
  return { account, address: addressHashOf(address) };
}

/**
 * Delays sign-ins after failures, by account and by address, for all instances. An attempt counts as failed before its
 * password is compared, so that parallel attempts are not compared before the first has counted.
 */
@Injectable()
export class SignInThrottle {
  constructor(private readonly units: UnitOfWorkRunner) {}

  /**
   * Counts the attempt, then runs `compare`.
   * @throws signInDelayed without running it, and without counting
   */
  async run(
    attempt: Attempt,
    compare: () => Promise<boolean>,
    onRefused?: () => void,
  ): Promise<boolean> {
    const waitMs = await this.units.run((uow) => this.#count(attempt, uow));
    if (waitMs > 0) {
      onRefused?.();
      throw errors.signInDelayed().retryAfter(Math.ceil(waitMs / 1_000));
    }
    let isRight: boolean | undefined;
    try {
      isRight = await compare();
      return isRight;
    } finally {
      if (isRight !== false) await this.units.run((uow) => this.#forget(attempt, isRight, uow));
    }
  }

  /** @returns the time until an attempt is allowed; 0: this one is, and has been counted */
  async #count({ account, address }: Attempt, uow: UnitOfWork): Promise<number> {
    const before = await uow.databaseTime();
    const start = { startedAt: before, refusedUntil: NEVER, version: 1 };
    const both = [account, address];
    // Rows are locked last, and for one round trip: many sign-ins can share an address.
    const known = new Set((await uow.find(FailedSignIns, { key: both }, 2)).map(({ key }) => key));
    const missing = both.filter((key) => !known.has(key));
    const fresh = missing.map((key) => Object.assign(new FailedSignIns(), { ...start, key }));
    if (fresh.length > 0) await uow.insertNew(FailedSignIns, fresh);
    const rows = await uow.lock(FailedSignIns, both);
    const now = await uow.databaseTime(); // after the wait for the locks
    const waitMs = Math.max(...rows.map(({ refusedUntil }) => refusedUntil.getTime())) - +now;
    if (waitMs > 0) return waitMs;
    for (const row of rows) countOne(row, now, row.key === account ? ofAccount : ofAddress);
    await uow.saveAll(FailedSignIns, rows);
    return 0;
  }

  /** The attempt succeeded, or `compare` had no result: it was no failure. */
  async #forget(
    { account, address }: Attempt,
    isRight: boolean | undefined,
    uow: UnitOfWork,
  ): Promise<void> {
    const rows = await uow.lock(FailedSignIns, [account, address]);
    for (const row of rows) {
      row.count = isRight && row.key === account ? 0 : Math.max(0, row.count - 1);
      row.refusedUntil = NEVER;
    }
    await uow.saveAll(FailedSignIns, rows);
  }
}

function countOne(row: FailedSignIns, now: Date, allowance: Allowance): void {
  if (row.startedAt.getTime() + allowance.periodMs <= now.getTime())
    Object.assign(row, { count: 0, startedAt: now });
  row.count += 1;
  const ms = delayMs(row.count, allowance);
  row.refusedUntil = ms > 0 ? new Date(now.getTime() + ms) : NEVER;
}
