/** What should be: `instances` copies, all of the same spec. */
export interface DesiredInstances {
  readonly instances: number;
  /** Hash of the spec. */
  readonly hash: string;
}

/** What is, in one slot. Times are of a clock that never jumps (`performance.now()`). */
export interface ActualInstance {
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

export type Action =
  | { readonly kind: 'start' | 'stop' | 'forget'; readonly slot: number }
  /** Cannot shut down gracefully: killed, then started as after a crash. */
  | { readonly kind: 'kill'; readonly slot: number; readonly reason: string }
  /** A new one first; when that is ready, the old one drains. */
  | { readonly kind: 'replace'; readonly slot: number; readonly reason: string };

export const UNANSWERED_MAX = 3;

/** Compares what should be with what is: everything that may be done now. The heart of the health manager. */
export function planActions(
  desired: DesiredInstances,
  actual: readonly ActualInstance[],
  nowMs: number,
): Action[] {
  const actions: Action[] = [];
  const slots = new Map(actual.map((each) => [each.slot, each]));
  for (let slot = 1; slot <= desired.instances; slot++) {
    const now = slots.get(slot);
    if (!now) actions.push({ kind: 'start', slot });
    else if (now.busy) continue;
    else if (now.state === 'ended') {
      if (nowMs >= now.notBeforeMs) actions.push({ kind: 'start', slot });
    } else if (now.unanswered >= UNANSWERED_MAX) {
      const reason = `it has not answered ${now.unanswered} health checks`;
      actions.push({ kind: 'kill', slot, reason });
    } else if (now.usedMb > now.limitMb && nowMs >= now.notBeforeMs) {
      const reason = `it uses ${now.usedMb} MB of ${now.limitMb} MB`;
      actions.push({ kind: 'replace', slot, reason });
    }
  }
  for (const { slot, busy, state } of actual) {
    if (slot > desired.instances && !busy)
      actions.push({ kind: state === 'running' ? 'stop' : 'forget', slot });
  }
  const outdated = actual.filter(
    ({ slot, state, hash }) =>
      slot <= desired.instances && state === 'running' && hash !== desired.hash,
  );
  // One by one, and only while all others stand: so as many as possible answer at any moment.
  const isStable =
    actions.length === 0 && actual.every(({ busy, state }) => !busy && state === 'running');
  const due = outdated.find(({ notBeforeMs }) => nowMs >= notBeforeMs);
  if (isStable && due)
    actions.push({ kind: 'replace', slot: due.slot, reason: 'the desired state changed' });
  return actions;
}
