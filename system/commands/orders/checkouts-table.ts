import { styleText } from 'node:util';
import type { Cell, CommandContext } from '@fieldguide/platform-model/plugin';

/** An open checkout, as listed by the API. */
export interface Checkout {
  readonly orderId: string;
  readonly step: string;
  readonly waitsSince: string;
  readonly deadlineAt: string;
  readonly overdueSince: string | null;
  readonly retries: number;
}

export function checkoutsTable(
  table: CommandContext['table'],
  checkouts: readonly Checkout[],
): string {
  const seconds = (from: string, to: Date) =>
    Math.round((to.getTime() - new Date(from).getTime()) / 1_000);
  const now = new Date();
  const rows = checkouts.map(
    ({ orderId, step, waitsSince, deadlineAt, overdueSince, retries }): Cell[] => [
      orderId,
      overdueSince ? styleText('red', step) : step,
      right(duration(seconds(waitsSince, now))),
      right(overdueSince ? 'overdue' : duration(-seconds(deadlineAt, now))),
      right(String(retries)),
    ],
  );
  return table(['ORDER', 'STEP', 'WAIT', 'DEADLINE', 'RETRIES'], rows);
}

const right = (content: string): Cell => ({ content, hAlign: 'right' });

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
