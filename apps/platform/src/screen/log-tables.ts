import { styleText } from 'node:util';
import { table } from './tables.ts';

export interface LoggedEvent {
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly time: string;
  readonly data: object;
  readonly actor?: string;
  readonly state?: object;
}
export interface View {
  readonly name: string;
  readonly position: string;
  readonly lagEvents: number;
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
  const head = `${styleText('dim', time)} ${styleText('cyan', `${stream}@${version}`)} ${styleText('bold', type)}`;
  const by = actor ? styleText('dim', ` by ${actor}`) : '';
  const lines = [`${head}${by}`, `  ${styleText('dim', JSON.stringify(data))}`];
  if (state) lines.push(`  → ${JSON.stringify(state)}`);
  return lines.join('\n');
}

export function projectionsTable(views: readonly View[]): string {
  if (views.length === 0) return 'Nothing was made of the log yet.';
  const rows = views.map(({ name, position, lagEvents }) => [
    name,
    position,
    lagEvents === 0 ? styleText('green', 'caught up') : `${lagEvents} events behind`,
  ]);
  return table(['view or publisher', 'position', ''], rows);
}
