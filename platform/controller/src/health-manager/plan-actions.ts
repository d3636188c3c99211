import type { Processes } from '@fieldguide/platform-model';
import { assignSlots } from './assign-slots.ts';

/** What should be: `instances` copies that run the same process types, all of the same spec. */
export interface DesiredInstances {
  readonly processes: Processes;
  readonly instances: number;
  /** Hash of the spec. */
  readonly hash: string;
}

/** What is, in one slot. Times are of a clock that never jumps (`performance.now()`). */
export interface ActualInstance {
  readonly slot: number;
  readonly processes: Processes;
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

interface SlotAction {
  readonly slot: number;
  /** What the slot runs afterwards, if it runs. */
  readonly processes: Processes;
}

export type Action =
  | (SlotAction & { readonly kind: 'start' | 'stop' | 'forget' })
  /** Cannot shut down gracefully: killed, then started as after a crash. */
  | (SlotAction & { readonly kind: 'kill'; readonly reason: string })
  /** A new one first; when that is ready, the old one drains. */
  | (SlotAction & { readonly kind: 'replace'; readonly reason: string });

export const UNANSWERED_MAX = 3;

/** Compares what should be with what is: everything that may be done now. The heart of the health manager. */
export function planActions(
  desired: readonly DesiredInstances[],
  actual: readonly ActualInstance[],
  nowMs: number,
): Action[] {
  const actions: Action[] = [];
  const slots = new Map(actual.map((each) => [each.slot, each]));
  const wanted = assignSlots(desired, actual);
  for (const [slot, { processes }] of wanted) {
    const now = slots.get(slot);
    if (!now) actions.push({ kind: 'start', slot, processes });
    else if (now.busy) continue;
    else if (now.state === 'ended') {
      if (nowMs >= now.notBeforeMs) actions.push({ kind: 'start', slot, processes });
    } else if (now.unanswered >= UNANSWERED_MAX) {
      const reason = `it has not answered ${now.unanswered} health checks`;
      actions.push({ kind: 'kill', slot, processes, reason });
    } else if (now.usedMb > now.limitMb && nowMs >= now.notBeforeMs) {
      const reason = `it uses ${now.usedMb} MB of ${now.limitMb} MB`;
      actions.push({ kind: 'replace', slot, processes, reason });
    }
  }
  for (const { slot, processes, busy, state } of actual) {
    if (!wanted.has(slot) && !busy)
      actions.push({ kind: state === 'running' ? 'stop' : 'forget', slot, processes });
  }
  const outdated = actual.filter(
    ({ slot, state, hash }) =>
      wanted.has(slot) && state === 'running' && hash !== wanted.get(slot)!.hash,
  );
  // One by one, and only while all others stand: so as many as possible answer at any moment.
  const isStable =
    actions.length === 0 && actual.every(({ busy, state }) => !busy && state === 'running');
  const due = outdated.find(({ notBeforeMs }) => nowMs >= notBeforeMs);
  if (isStable && due) {
    const { slot } = due;
    const { processes } = wanted.get(slot)!;
    actions.push({ kind: 'replace', slot, processes, reason: 'the desired state changed' });
  }
  return actions;
}
