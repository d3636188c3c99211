interface SparklineProps {
  readonly values: readonly number[];
  readonly max: number;
  readonly label: string;
  /** Points of a full line: a short history stands at the right. */
  readonly points: number;
}

const [WIDTH, HEIGHT] = [72, 24];

/** A line over the last minutes. */
export function Sparkline({ values, max, label, points }: SparklineProps) {
  return (
    <svg className="sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      <line x1="0" x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} />
      <polyline points={linePoints(values, max, points)} />
    </svg>
  );
}

function linePoints(values: readonly number[], max: number, points: number): string {
  const step = WIDTH / Math.max(1, points - 1);
  const left = WIDTH - (values.length - 1) * step;
  const y = (value: number) => HEIGHT - 2 - (Math.min(value, max) / (max || 1)) * (HEIGHT - 4);
  return values
    .map((value, i) => `${(left + i * step).toFixed(1)},${y(value).toFixed(1)}`)
    .join(' ');
}
