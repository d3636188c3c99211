import type { ActualInstance, DesiredInstances } from './plan-actions.ts';

/**
 * Decides which slots should exist, and what each runs. A slot keeps its process types when they are still wanted, lower
 * numbers first. Others are converted, those that serve requests first, so that a split causes no gap. The rest get free
 * numbers.
 * @returns the desired slots in their order; all others are surplus
 */
export function assignSlots(
  desired: readonly DesiredInstances[],
  actual: readonly Pick<ActualInstance, 'slot' | 'processes'>[],
): ReadonlyMap<number, DesiredInstances> {
  const assigned = new Map<number, DesiredInstances>();
  const missing: DesiredInstances[] = [];
  const present = actual.toSorted((a, b) => a.slot - b.slot);
  for (const each of desired) {
    const own = present.filter(({ processes }) => processes === each.processes);
    for (const { slot } of own.slice(0, each.instances)) assigned.set(slot, each);
    for (let count = own.length; count < each.instances; count++) missing.push(each);
  }
  const others = present.filter(({ slot }) => !assigned.has(slot));
  const convertible = [
    ...others.filter(({ processes }) => processes !== 'worker'),
    ...others.filter(({ processes }) => processes === 'worker'),
  ];
  for (const each of missing) assigned.set(convertible.shift()?.slot ?? lowestFree(assigned), each);
  return new Map([...assigned].toSorted(([a], [b]) => a - b));
}

function lowestFree(taken: ReadonlyMap<number, unknown>): number {
  let slot = 1;
  while (taken.has(slot)) slot++;
  return slot;
}
