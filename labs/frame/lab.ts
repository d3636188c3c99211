import type { Edit } from './edit.ts';
import type { Shop } from './shop.ts';

/** What a check found; `next` names what to try when it is not what was expected. */
export type Finding =
  | { readonly ok: true; readonly found: string }
  | { readonly ok: false; readonly found: string; readonly next: string };

/** A check, which names what it expects. @template On the running system, or the folder of the working copy */
export interface Check<On = Shop> {
  readonly name: string;
  readonly expected: string;
  /** Where the participant can see the same. */
  readonly look: string;
  readonly run: (on: On) => Promise<Finding>;
}

type Steps = readonly (readonly Edit[])[];

/** An answer that a participant might give, and the words that the check must print for it. */
export interface WrongAnswer {
  readonly name: string;
  /** Edits before, each followed by a run of the checks. */
  readonly steps?: Steps;
  readonly edits: readonly Edit[];
  /** What the participant does on the running system, where the answer is not an edit. */
  readonly act?: (shop: Shop) => Promise<void>;
  /** Name of the check that must fail. */
  readonly red: string;
  /** Text that its verdict contains. */
  readonly help: string;
}

/** Damage to a copy of the sources, and checks that pass when it is repaired. */
interface Exercise<On> {
  readonly title: string;
  readonly minutes: number;
  readonly level: 'first steps' | 'basic' | 'advanced';
  readonly patterns: readonly string[];
  /** How long its proof takes, measured: CI chooses by it. */
  readonly proofSeconds: number;
  readonly damage: readonly Edit[];
  readonly checks: readonly Check<On>[];
  /** Name of the check that fails on the damaged copy. */
  readonly red: string;
  readonly hints: readonly [string, string, string];
  /** Edits before the solution, each followed by a run of the checks, which then fail later than before. */
  readonly steps?: Steps;
  /** Edits of the damaged sources. By default the sources without the damage. */
  readonly solution?: readonly Edit[];
  readonly wrong: readonly WrongAnswer[];
  /** Explanation after the lab: where this bites in production, what the pattern costs, when not to use it. */
  readonly after: string;
}

/** A lab on the running system. */
export interface Lab extends Exercise<Shop> {
  readonly system?: true;
  /** Apps that are staged from the copy at the start and before each check. */
  readonly apps: readonly string[];
  /** Carries out the solution on the running system, where it is not an edit. */
  readonly act?: (shop: Shop) => Promise<void>;
}

/** A lab whose checks look at the sources: it starts no system, and touches none. */
export interface SourceLab extends Exercise<string> {
  readonly system: false;
  /** Prepares what lies beside the working copy, at each start and reset. */
  readonly prepare: (folder: string) => Promise<void>;
}

/** A lab in its folder. */
export type NumberedLab = (Lab | SourceLab) & {
  readonly number: number;
  readonly folder: string;
};

export const ok = (found: string): Finding => ({ ok: true, found });
export const red = (found: string, next: string): Finding => ({ ok: false, found, next });
