/** One consumer's expectations of one provider. */
export interface Dependency {
  readonly consumer: string;
  readonly provider: string;
  readonly answers: number;
  readonly messages: number;
}

interface Box {
  readonly x: number;
  readonly y: number;
}
const [WIDTH, HEIGHT] = [860, 470];
const [BOX_WIDTH, BOX_HEIGHT] = [128, 44];

// Identity is asked by everybody: it lies below all as a floor. `floor` is where a box's line comes down to it.
const places: Readonly<Record<string, Box & { floor: number }>> = {
  shop: { x: 430, y: 40, floor: 310 },
  gateway: { x: 90, y: 40, floor: 42 },
  catalog: { x: 120, y: 150, floor: 100 },
  ordering: { x: 430, y: 180, floor: 430 },
  inventory: { x: 740, y: 150, floor: 790 },
  shipping: { x: 230, y: 310, floor: 230 },
  payments: { x: 560, y: 310, floor: 520 },
  'payment-provider': { x: 740, y: 310, floor: 700 },
};
const FLOOR_Y = 410;

/** Who expects what of whom, as a picture that is light or dark as the reader's screen is. */
export function drawGraph(
  dependencies: readonly Dependency[],
  versions: ReadonlyMap<string, string>,
): string {
  const floor = dependencies.filter(({ provider }) => provider === 'identity').map(lineDown);
  const others = dependencies.filter(({ provider }) => provider !== 'identity').map(arrow);
  const boxes = Object.entries(places).map(([name, place]) => box(name, place, versions.get(name)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="Who expects what of whom">
<style>
  svg { color-scheme: light dark; background: light-dark(#fff, #0d1117); font: 13px system-ui, sans-serif; }
  text { fill: light-dark(#1f2328, #e6edf3); text-anchor: middle; }
  .small { font-size: 11px; fill: light-dark(#59636e, #9198a1); }
  rect { fill: light-dark(#f6f8fa, #161b22); stroke: light-dark(#818b98, #656c76); rx: 6px; }
  path { fill: none; stroke: light-dark(#0969da, #4493f8); stroke-width: 1.5; }
  .messages { stroke-dasharray: 5 4; }
  .down { stroke: light-dark(#d1d9e0, #3d444d); }
  .label { paint-order: stroke; stroke: light-dark(#fff, #0d1117); stroke-width: 4px; }
  marker path { fill: light-dark(#0969da, #4493f8); stroke: none; }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
${[...floor, ...others].map(({ line }) => line).join('\n')}
${boxes.join('\n')}
<rect x="20" y="${FLOOR_Y}" width="${WIDTH - 40}" height="44"/>
<text x="${WIDTH / 2}" y="${FLOOR_Y + 19}">identity</text>
<text class="small" x="${WIDTH / 2}" y="${FLOOR_Y + 35}">${versions.get('identity') ?? ''}</text>
${[...floor, ...others].map(({ label }) => label).join('\n')}
</svg>
`;
}

function box(name: string, { x, y }: Box, version = ''): string {
  return `<rect x="${x - BOX_WIDTH / 2}" y="${y - BOX_HEIGHT / 2}" width="${BOX_WIDTH}" height="${BOX_HEIGHT}"/>
<text x="${x}" y="${y - 3}">${name}</text>
<text class="small" x="${x}" y="${y + 13}">${version}</text>`;
}

function lineDown({ consumer, answers, messages }: Dependency) {
  const { floor, y } = places[consumer]!;
  const from = consumer === 'shop' ? `M ${floor} ${y} H ${floor}` : `M ${floor} ${y}`;
  const start =
    consumer === 'shop' ? `M ${places['shop']!.x - BOX_WIDTH / 2} ${y} H ${floor}` : from;
  const line = `<path class="down" marker-end="url(#tip)" d="${start} V ${FLOOR_Y}"/>`;
  return { line, label: labelAt(floor, FLOOR_Y - 18, answers, messages) };
}

/** From border to border; two that expect something of each other get a line each, side by side. */
function arrow({ consumer, provider, answers, messages }: Dependency) {
  const [a, b] = [places[consumer]!, places[provider]!];
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const aside = { x: ((b.y - a.y) / length) * 9, y: (-(b.x - a.x) / length) * 9 };
  const at = (part: number): Box => ({
    x: a.x + aside.x + (b.x - a.x) * part,
    y: a.y + aside.y + (b.y - a.y) * part,
  });
  const [begin, end] = [within(a, at).at(-1)!, within(b, at)[0]!];
  const kind = answers === 0 ? ' class="messages"' : '';
  const line = `<path${kind} marker-end="url(#tip)" d="M ${round(at(begin))} L ${round(at(end))}"/>`;
  const { x, y } = at(begin + (end - begin) * 0.3);
  return { line, label: labelAt(x, y + 4, answers, messages) };
}

/** The parts of a line that lie in a box. */
function within(box: Box, at: (part: number) => Box): number[] {
  const parts = Array.from({ length: 501 }, (_, part) => part / 500);
  return parts.filter((part) => {
    const { x, y } = at(part);
    return Math.abs(x - box.x) <= BOX_WIDTH / 2 && Math.abs(y - box.y) <= BOX_HEIGHT / 2;
  });
}

function labelAt(x: number, y: number, answers: number, messages: number): string {
  const parts = [...(answers ? [`${answers}`] : []), ...(messages ? [`${messages} msg`] : [])];
  return `<text class="small label" x="${x.toFixed(0)}" y="${y.toFixed(0)}">${parts.join(' + ')}</text>`;
}

const round = ({ x, y }: Box) => `${x.toFixed(1)} ${y.toFixed(1)}`;
