/** Rings around three summits, distorted like terrain: the pattern behind the hero. Generated, not drawn. */
export function Contours() {
  const summits = [
    { x: 250, y: 120, rings: 7, phase: 0 },
    { x: 720, y: 60, rings: 5, phase: 2 },
    { x: 1080, y: 190, rings: 8, phase: 4 },
  ];
  return (
    <svg
      className="contours"
      viewBox="0 0 1200 260"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      {summits.flatMap(({ x, y, rings, phase }) =>
        radii
          .slice(0, rings)
          .map((radius) => <path key={`${x} ${radius}`} d={contour(x, y, radius, phase)} />),
      )}
    </svg>
  );
}

const radii = [18, 42, 66, 90, 114, 138, 162, 186];

function contour(x: number, y: number, radius: number, phase: number): string {
  const points = Array.from({ length: 24 }, (_, step) => {
    const angle = (step / 24) * 2 * Math.PI;
    const r =
      radius * (1 + 0.14 * Math.sin(3 * angle + phase) + 0.08 * Math.sin(5 * angle - phase));
    return [x + 1.5 * r * Math.cos(angle), y + 0.7 * r * Math.sin(angle)] as const;
  });
  const between = (i: number) => {
    const [a, b] = [points[i % 24]!, points[(i + 1) % 24]!];
    return `${((a[0] + b[0]) / 2).toFixed(1)} ${((a[1] + b[1]) / 2).toFixed(1)}`;
  };
  const curves = points.map(
    (_, i) => `Q${points[(i + 1) % 24]!.map((n) => n.toFixed(1)).join(' ')} ${between(i + 1)}`,
  );
  return `M${between(0)}${curves.join('')}Z`;
}
