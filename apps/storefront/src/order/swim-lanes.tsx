import type { TimelineItem } from '../api/reads.ts';
import { eventWords, laneOf, lanes } from './order-words.ts';

const [WIDTH, LANE, TOP, ROW] = [440, 110, 44, 40];
const xOf = (source: string) => lanes.indexOf(laneOf(source)) * LANE + LANE / 2;
const yOf = (index: number) => TOP + index * ROW + ROW / 2;

/** The events as a picture: a lane for each service, a line from each event to the next. */
export function SwimLanes({ items }: { items: readonly TimelineItem[] }) {
  const height = TOP + items.length * ROW + 8;
  const points = items.map(({ source }, index) => ({ x: xOf(source), y: yOf(index) }));
  return (
    <svg
      className="swim-lanes"
      viewBox={`0 0 ${WIDTH} ${height}`}
      role="img"
      aria-label={`Events by service: ${items.map(({ type, source }) => `${type} from ${laneOf(source)}`).join(', ')}`}
    >
      {lanes.map((lane, index) => (
        <g key={lane}>
          <rect
            className="lane"
            x={index * LANE + 2}
            y="1"
            width={LANE - 4}
            height={height - 2}
            rx="6"
          />
          <text className="lane-name" x={index * LANE + LANE / 2} y="24">
            {lane}
          </text>
        </g>
      ))}
      {points.slice(1).map((to, index) => (
        <path key={`${to.y}`} className="step" d={curve(points[index]!, to)} />
      ))}
      {items.map(({ type, source, time }, index) => {
        const isLeft = xOf(source) < WIDTH / 2;
        return (
          <g key={`${time} ${type}`} className={eventWords[type]?.[1] ?? 'info'}>
            <circle cx={xOf(source)} cy={yOf(index)} r="7" />
            <text
              className="event-name"
              x={xOf(source) + (isLeft ? 13 : -13)}
              y={yOf(index) + 4}
              textAnchor={isLeft ? 'start' : 'end'}
            >
              {type}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

interface Point {
  readonly x: number;
  readonly y: number;
}
const curve = (from: Point, to: Point) =>
  `M${from.x} ${from.y}C${from.x} ${from.y + ROW * 0.7} ${to.x} ${to.y - ROW * 0.7} ${to.x} ${to.y}`;
