/** What should be: `instances` copies, all of the same spec. */
export interface Wanted {
  readonly instances: number;
  /** Hash of the spec. */
  readonly hash: string;
}

/** What is, in one slot. Times are of a clock that never jumps (`performance.now()`). */
export interface Seen {
  readonly slot: number;
  readonly state: 'running' | 'ended';
  /** Something is being done about it already. */
  readonly busy: boolean;
  readonly hash: string;
  /** Health checks in a row that got no answer. */
  readonly unanswered: number;
  readonly usedMb: number;
  readonly limitMb: number;
  /** After failures: not to be started or replaced before. */
  readonly notBeforeMs: number;
}

export type Step =
  | { readonly kind: 'start' | 'stop' | 'forget'; readonly slot: number }
  /** It cannot be asked to finish: ended at once, and started again as after a crash. */
  | { readonly kind: 'kill'; readonly slot: number; readonly why: string }
  /** A new one first; when that is ready, the old one drains. */
  | { readonly kind: 'replace'; readonly slot: number; readonly why: string };

export const UNANSWERED_MAX = 3;

/** Compares what should be with what is: everything that may be done now. The heart of the health manager. */
export function nextSteps(wanted: Wanted, seen: readonly Seen[], nowMs: number): Step[] {
  const steps: Step[] = [];
  const slots = new Map(seen.map((each) => [each.slot, each]));
  for (let slot = 1; slot <= wanted.instances; slot++) {
    const now = slots.get(slot);
    if (!now) steps.push({ kind: 'start', slot });
    else if (now.busy) continue;
    else if (now.state === 'ended') {
      if (nowMs >= now.notBeforeMs) steps.push({ kind: 'start', slot });
    } else if (now.unanswered >= UNANSWERED_MAX) {
      const why = `it has not answered ${now.unanswered} health checks`;
      steps.push({ kind: 'kill', slot, why });
    } else if (now.usedMb > now.limitMb && nowMs >= now.notBeforeMs) {
      const why = `it uses ${now.usedMb} MB of ${now.limitMb} MB`;
      steps.push({ kind: 'replace', slot, why });
    }
  }
  for (const { slot, busy, state } of seen) {
    if (slot > wanted.instances && !busy)
      steps.push({ kind: state === 'running' ? 'stop' : 'forget', slot });
  }
  const outdated = seen.filter(
    ({ slot, state, hash }) =>
      slot <= wanted.instances && state === 'running' && hash !== wanted.hash,
  );
  // One by one, and only while all others stand: so as many as possible answer at any moment.
  const quiet = steps.length === 0 && seen.every(({ busy, state }) => !busy && state === 'running');
  const due = outdated.find(({ notBeforeMs }) => nowMs >= notBeforeMs);
  if (quiet && due) steps.push({ kind: 'replace', slot: due.slot, why: 'another is wanted' });
  return steps;
}
