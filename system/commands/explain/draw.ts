import { styleText } from 'node:util';
import { type Arrow, actorsOf } from './sequence.ts';

const COLUMN = 11;
const FIRST = 10;

/** Draws the sequence as text: an arrow, then the message and the source line of its handler. Six actors fit 80 columns. */
export function drawText(arrows: readonly Arrow[]): string {
  const actors = actorsOf(arrows);
  const centers = new Map(
    actors.map((actor, i) => [actor, FIRST + i * COLUMN + Math.floor(COLUMN / 2)]),
  );
  const width = FIRST + actors.length * COLUMN;
  const head = emptyLine(width);
  const lifelines = emptyLine(width);
  for (const [actor, center] of centers) {
    put(head, center - Math.floor(actor.length / 2), actor);
    put(lifelines, center, '│');
  }
  return [
    styleText('bold', head.join('').trimEnd()),
    ...arrows.flatMap((arrow) => rows(arrow, centers, [...lifelines])),
  ].join('\n');
}

function rows(
  { from, to, what, atMs, tookMs, handledBy }: Arrow,
  centers: ReadonlyMap<string, number>,
  line: string[],
): string[] {
  put(line, 0, `${atMs} ms`.padStart(8));
  const [a, b] = [centers.get(from)!, centers.get(to)!];
  if (a === b) put(line, a, '●');
  else if (a < b) put(line, a + 1, `${'─'.repeat(b - a - 2)}▶`);
  else put(line, b + 1, `◀${'─'.repeat(a - b - 2)}`);
  const took = tookMs === undefined ? '' : `, reply after ${tookMs} ms`;
  const by = handledBy ? `${handledBy.file}:${handledBy.line}` : '';
  const lines = [`${' '.repeat(FIRST)}${styleText('cyan', what)}${took}`];
  if (by) lines.push(`${' '.repeat(FIRST)}${styleText('dim', by)}`);
  return [line.join('').trimEnd(), ...lines];
}

function emptyLine(width: number): string[] {
  return Array.from({ length: width }, () => ' ');
}

function put(line: string[], at: number, text: string): void {
  for (const [i, letter] of [...text].entries()) line[at + i] = letter;
}

const ROW = 46;
const WIDE = 190;
const TOP = 70;
const LEFT = 90;

/** Draws the sequence as SVG that follows the light or dark colour scheme. */
export function drawSvg(title: string, arrows: readonly Arrow[]): string {
  const actors = actorsOf(arrows);
  const x = (actor: string) => LEFT + actors.indexOf(actor) * WIDE + WIDE / 2;
  const [width, height] = [LEFT + actors.length * WIDE, TOP + (arrows.length + 1) * ROW];
  const heads = actors.flatMap((actor) => [
    `<text class="actor" x="${x(actor)}" y="${TOP - 18}">${actor}</text>`,
    `<line class="life" x1="${x(actor)}" y1="${TOP - 8}" x2="${x(actor)}" y2="${height - 16}"/>`,
  ]);
  const body = arrows.map((arrow, i) => {
    const { from, to, what, atMs, tookMs, handledBy } = arrow;
    const y = TOP + (i + 1) * ROW;
    const [a, b] = [x(from), x(to)];
    const took = tookMs === undefined ? '' : ` · reply after ${tookMs} ms`;
    const by = handledBy ? `${handledBy.file.replace(/^.*\//, '')}:${handledBy.line}` : '';
    const shape =
      a === b
        ? `<circle class="note" cx="${a}" cy="${y}" r="5"/>`
        : `<line class="arrow" x1="${a}" y1="${y}" x2="${b + (a < b ? -7 : 7)}" y2="${y}" marker-end="url(#head)"/>`;
    const middle = a === b ? a : (a + b) / 2;
    return [
      `<text class="time" x="${LEFT - 12}" y="${y + 4}">${atMs} ms</text>`,
      shape,
      `<text class="what" x="${middle}" y="${y - 8}">${escaped(what)}${took}</text>`,
      by && `<text class="by" x="${middle}" y="${y + 14}">${escaped(by)}</text>`,
    ].join('');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<style>
  svg { color-scheme: light dark; background: light-dark(#fff, #0d1117); font: 13px system-ui, sans-serif; }
  text { fill: light-dark(#1f2328, #e6edf3); text-anchor: middle; paint-order: stroke; stroke: light-dark(#fff, #0d1117); stroke-width: 4px; }
  .title { font-size: 15px; } .actor { font-weight: 600; font-size: 14px; }
  .time { text-anchor: end; } .time, .by { fill: light-dark(#59636e, #9198a1); font-size: 11px; }
  .life { stroke: light-dark(#d1d9e0, #3d444d); } .arrow { stroke: light-dark(#0969da, #4493f8); stroke-width: 1.5; }
  .note, marker path { fill: light-dark(#0969da, #4493f8); }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
<text class="title" x="${width / 2}" y="24">${escaped(title)}</text>
${[...heads, ...body].join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  const codes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (letter) => codes[letter]!);
}
