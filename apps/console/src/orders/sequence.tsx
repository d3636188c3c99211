import { millis } from '../design/format.ts';
import type { Arrow } from './types.ts';

const [ROW, TOP, LEFT, LANE] = [46, 44, 72, 156];

/** The saga as a sequence diagram: columns are services, rows are messages with times and the handler's source line. */
export function Sequence({ arrows }: { readonly arrows: readonly Arrow[] }) {
  const actors = [...new Set(arrows.flatMap(({ from, to }) => [from, to]))];
  const x = (actor: string) => LEFT + actors.indexOf(actor) * LANE + LANE / 2;
  const width = LEFT + actors.length * LANE;
  const height = TOP + (arrows.length + 1) * ROW;
  return (
    <section className="sequence card" aria-label="Sequence of messages">
      <svg width={width} height={height} role="img" aria-label={textOf(arrows)}>
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto-start-reverse"
          >
            <path d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        {actors.map((actor) => (
          <g key={actor} className="lane">
            <rect x={x(actor) - 66} y="4" width="132" height="28" rx="6" />
            <text x={x(actor)} y="23">
              {actor}
            </text>
            <line x1={x(actor)} x2={x(actor)} y1="32" y2={height - 8} />
          </g>
        ))}
        {arrows.map((arrow, i) => (
          <Message
            // biome-ignore lint/suspicious/noArrayIndexKey: an order's messages only grow at the end
            key={i}
            arrow={arrow}
            from={x(arrow.from)}
            to={x(arrow.to)}
            y={TOP + (i + 1) * ROW - 8}
          />
        ))}
      </svg>
    </section>
  );
}

interface MessageProps {
  readonly arrow: Arrow;
  readonly from: number;
  readonly to: number;
  readonly y: number;
}

function Message({ arrow: { what, atMs, tookMs, handledBy }, from, to, y }: MessageProps) {
  const isInner = from === to;
  const middle = isInner ? from : (from + to) / 2;
  const place = handledBy && `${handledBy.file}:${handledBy.line}`;
  return (
    <g className={`message${isInner ? ' inner' : ''}`}>
      <title>{place ?? what}</title>
      <text className="at" x={LEFT - 12} y={y + 5}>
        +{millis(atMs)}
      </text>
      {isInner ? (
        <circle cx={from} cy={y} r="5" />
      ) : (
        <line x1={from} x2={to} y1={y} y2={y} markerEnd="url(#arrow)" />
      )}
      <text className="what" x={middle} y={y - 7}>
        {what}
        {tookMs !== undefined && <tspan className="took"> · {millis(tookMs)}</tspan>}
      </text>
      {place && (
        <text className="place" x={middle} y={y + 16}>
          {place.replace(/^.*\//, '')}
        </text>
      )}
    </g>
  );
}

const textOf = (arrows: readonly Arrow[]) =>
  arrows.map(({ from, to, what, atMs }) => `${millis(atMs)}: ${from} to ${to}, ${what}`).join('; ');
