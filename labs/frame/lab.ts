import type { Edit } from './edit.ts';
import type { Shop } from './shop.ts';

/** What a check found; `next` names what to try when it is not what was expected. */
export type Finding =
  | { readonly ok: true; readonly found: string }
  | { readonly ok: false; readonly found: string; readonly next: string };

/** A check of the running system, which names what it expects. */
export interface Check {
  readonly name: string;
  readonly expected: string;
  /** Where the participant can see the same. */
  readonly look: string;
  readonly run: (shop: Shop) => Promise<Finding>;
}

/** An answer that a participant might give, and the words that the check must print for it. */
export interface WrongAnswer {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** What the participant does on the running system, where the answer is not an edit. */
  readonly act?: (shop: Shop) => Promise<void>;
  /** Name of the check that must fail. */
  readonly red: string;
  /** Text that its verdict contains. */
  readonly help: string;
}

/** A lesson: damage to a copy of the system, and checks that pass when it is repaired. */
export interface Lab {
  readonly title: string;
  readonly minutes: number;
  readonly level: 'first steps' | 'basic' | 'advanced';
  readonly patterns: readonly string[];
  /** Apps that are staged from the copy at the start and before each check. */
  readonly apps: readonly string[];
  readonly damage: readonly Edit[];
  readonly checks: readonly Check[];
  /** Name of the check that fails on the damaged system. */
  readonly red: string;
  readonly hints: readonly [string, string, string];
  /** Edits of the damaged sources. By default the sources without the damage. */
  readonly solution?: readonly Edit[];
  /** Carries out the solution on the running system, where it is not an edit. */
  readonly act?: (shop: Shop) => Promise<void>;
  readonly wrong: readonly WrongAnswer[];
  /** Explanation after the lab: where this bites in production, what the pattern costs, when not to use it. */
  readonly after: string;
}

/** A lab in its folder. */
export interface NumberedLab extends Lab {
  readonly number: number;
  readonly folder: string;
}

export const ok = (found: string): Finding => ({ ok: true, found });
export const red = (found: string, next: string): Finding => ({ ok: false, found, next });
