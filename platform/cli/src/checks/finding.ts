/** Something that evidence either meets or not. */
export interface Check<Evidence> {
  readonly name: string;
  readonly expected: string;
  /** Where to look, and what to try. */
  readonly where: (evidence: Evidence) => string;
  /** Returns what the evidence shows against it. */
  readonly faults: (evidence: Evidence) => readonly (string | false | undefined)[];
  /** Returns why there is no evidence for it, if that is so. */
  readonly unmeasured?: (evidence: Evidence) => string | false | undefined;
  /** Returns what the evidence shows for it. */
  readonly shows: (evidence: Evidence) => string;
}

/** The result of one check. */
export interface Finding {
  readonly check: string;
  /** What was checked: an app, or a prerequisite. */
  readonly subject: string;
  readonly verdict: 'green' | 'red' | 'unmeasured';
  readonly expected: string;
  readonly found: string;
  readonly where: string;
}

/** Compares evidence with a check. Pure. A fault counts also where a part of the evidence is missing. */
export function judge<Evidence>(
  subject: string,
  check: Check<Evidence>,
  evidence: Evidence,
): Finding {
  const { name, expected, where, faults, unmeasured, shows } = check;
  const against = faults(evidence).filter((each) => typeof each === 'string');
  const missing = unmeasured?.(evidence);
  const [verdict, found] =
    against.length > 0
      ? (['red', [...new Set(against)].join('; ')] as const)
      : missing
        ? (['unmeasured', missing] as const)
        : (['green', shows(evidence)] as const);
  return { check: name, subject, verdict, expected, found, where: where(evidence) };
}
