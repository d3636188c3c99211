import { styleText } from 'node:util';
import type { SloReport } from '@fieldguide/platform-controller/slo/objective-watch';
import type { Cell } from '@fieldguide/platform-model/plugin';
import { table } from './tables.ts';

/** A budget that is spent at this rate is gone in two days: the first page (`burnAlerts`). */
const FAST = 14.4;

export function sloTable({ objectives, measuredSince, windowDays }: SloReport): string {
  if (objectives.length === 0) return 'This system has no objectives.';
  const rows = objectives.map(({ name, target, events, ratio, budgetLeft, burnRates }) => [
    name,
    percent(target),
    right(String(events)),
    ratio === null ? right('–') : right(percent(ratio)),
    budgetLeft === null ? right('–') : budget(budgetLeft),
    burn(burnRates['5m']),
    burn(burnRates['1h']),
  ]);
  const head = ['OBJECTIVE', 'TARGET', 'EVENTS', 'GOOD', 'BUDGET LEFT', 'BURN 5M', 'BURN 1H'];
  const since = measuredSince ? `since ${measuredSince.slice(0, 16).replace('T', ' ')} UTC` : '';
  const text = objectives.map(({ name, summary }) => `${name}: ${summary}`);
  return [
    table(head, rows),
    text.join('\n'),
    `Measured ${since}.\nA burn rate of 1 spends the budget in ${windowDays} days.`,
  ].join('\n\n');
}

const right = (content: string): Cell => ({ content, hAlign: 'right' });

/** Rounds down: 99.96 % is not 100 %. */
const percent = (ratio: number) => `${Math.floor(ratio * 10_000) / 100} %`;

function budget(left: number): Cell {
  const text = percent(left);
  return right(left < 0 ? styleText('red', text) : text);
}

function burn(rate: number | null): Cell {
  if (rate === null) return right('–');
  const text = rate.toFixed(1);
  return right(rate >= FAST ? styleText('red', text) : rate > 1 ? styleText('yellow', text) : text);
}
