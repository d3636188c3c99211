import { isCounted, isGood, type Labels, type Objective } from '@fieldguide/platform-model/slo';

/** Events since the start of a process, and those of them that were bad. */
export interface Counters {
  readonly events: number;
  readonly errors: number;
}

export const NONE: Counters = { events: 0, errors: 0 };

/** Reads the counters of an objective from metrics in the Prometheus format. */
export function readCounters(objective: Objective, text: string): Counters {
  let [events, good] = [0, 0];
  for (const { name, labels, value } of samplesOf(objective.histogram, text)) {
    if (name.endsWith('_count') && isCounted(objective, labels)) events += value;
    if (name.endsWith('_bucket') && isGood(objective, labels)) good += value;
  }
  return { events, errors: events - good };
}

function* samplesOf(metric: string, text: string) {
  const line = new RegExp(`^(${metric}_(?:count|bucket))\\{(.*)\\} (\\S+)$`, 'gm');
  for (const [, name, labels, value] of text.matchAll(line))
    yield { name: name!, labels: labelsOf(labels!), value: Number(value) };
}

function labelsOf(text: string): Labels {
  const all = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(all.map(([, name, value]) => [name!, value!]));
}

export const plus = (a: Counters, b: Counters): Counters => ({
  events: a.events + b.events,
  errors: a.errors + b.errors,
});
export const minus = (a: Counters, b: Counters): Counters => ({
  events: a.events - b.events,
  errors: a.errors - b.errors,
});
