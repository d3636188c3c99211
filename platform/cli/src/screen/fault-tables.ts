import { styleText } from 'node:util';
import type { Fault, FaultKindInfo } from '@fieldguide/platform-controller/faults/fault';
import { table, timeLeft } from './tables.ts';

const LIST_MAX = 40;

/** Shows active faults with the time that is left. */
export function faultsTable(faults: readonly Fault[]): string {
  if (faults.length === 0) return 'No fault is active.';
  const rows = faults.map(({ id, title, state, endsAt }) => [
    String(id),
    title,
    styleText(state === 'active' ? 'red' : 'yellow', state),
    timeLeft(endsAt),
  ]);
  return table(['ID', 'FAULT', 'STATE', 'TIME LEFT'], rows);
}

/** Shows the kinds of faults with their parameters. */
export function faultKindsTable(kinds: readonly FaultKindInfo[]): string {
  return kinds.map(kindText).join('\n\n');
}

function kindText({ kind, summary, target, targets, to, parameters, restores }: FaultKindInfo) {
  const options = parameters.map(({ name, min, max, unit, default: byDefault }) => {
    const range = `${min} to ${max}${unit && ` ${unit}`}`;
    return `--${optionOf(name)} (${range}${byDefault === null ? '' : `; ${byDefault}`})`;
  });
  const ways = Object.keys(to).length > 0 ? ['--to DEPENDENCY'] : [];
  const lines = [
    ['target', `${target}: ${wrapped(targets)}`],
    ['options', [...ways, ...options].join(', ')],
    ['at its end', restores],
  ];
  const shown = lines.filter(([, text]) => text !== '');
  return [
    `${styleText('bold', kind)}  ${summary}`,
    ...shown.map(([name, text]) => `  ${name!.padEnd(10)} ${text}`),
  ].join('\n');
}

const optionOf = (name: string) => name.replace(/Ms$/, '');

function wrapped(names: readonly string[]): string {
  let width = LIST_MAX;
  const parts = names.map((name) => {
    const isNext = width + name.length > LIST_MAX;
    width = isNext ? name.length : width + name.length + 2;
    return isNext ? `\n             ${name}` : name;
  });
  return parts.join(', ');
}
