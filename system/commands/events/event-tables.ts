import { styleText } from 'node:util';
import type { CommandContext } from '@fieldguide/platform-model/plugin';

export interface LoggedEvent {
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly time: string;
  readonly data: object;
  readonly actor?: string;
  readonly state?: object;
}
export interface ProjectionStatus {
  readonly name: string;
  readonly position: string;
  readonly lagEvents: number;
  readonly pausedSince: string | null;
  readonly instance: string | null;
}

export function eventText({
  stream,
  version,
  type,
  time,
  data,
  actor,
  state,
}: LoggedEvent): string {
  const by = actor ? styleText('dim', ` by ${actor}`) : '';
  const lines = [
    `${styleText('dim', time)} ${styleText('cyan', `${stream}@${version}`)}`,
    `  ${styleText('bold', type)}${by}`,
    `  ${styleText('dim', JSON.stringify(data))}`,
  ];
  if (state) lines.push(`  → ${JSON.stringify(state)}`);
  return lines.join('\n');
}

export function projectionsTable(
  table: CommandContext['table'],
  projections: readonly ProjectionStatus[],
): string {
  if (projections.length === 0) return 'No projections yet.';
  const rows = projections.map((projection) => [
    projection.name,
    projection.position,
    stateOf(projection),
    projection.instance ?? '–',
  ]);
  return table(['SUBSCRIPTION', 'POSITION', 'STATE', 'INSTANCE'], rows);
}

function stateOf({ lagEvents, pausedSince }: ProjectionStatus): string {
  const lag = lagEvents === 0 ? 'caught up' : `${lagEvents} events behind`;
  // Month, day and minute: the whole time would exceed 80 columns.
  if (pausedSince)
    return styleText('yellow', `paused ${pausedSince.slice(5, 16).replace('T', ' ')}, ${lag}`);
  return lagEvents === 0 ? styleText('green', lag) : lag;
}
