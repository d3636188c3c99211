import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { drawSvg, drawText } from './draw.ts';
import { findHandlers } from './handlers.ts';
import type { PublishedMessage } from './published-messages.ts';
import { sequenceOf } from './sequence.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const placedAt = new Date('2030-01-01T12:00:00.000Z');
const at = (ms: number) => new Date(placedAt.getTime() + ms);
const toMessage = (
  type: string,
  source: string,
  ms: number,
  causationId?: string,
): PublishedMessage => ({
  id: type,
  type,
  source,
  time: at(ms),
  data: {},
  ...(causationId && { causationId }),
});
const messages = [
  toMessage('OrderPlaced', 'ordering', 0),
  toMessage('ReserveStock', 'ordering', 0),
  toMessage('StockReserved', 'inventory', 30, 'ReserveStock'),
  toMessage('AuthorisePayment', 'ordering', 40, 'StockReserved'),
  toMessage('OrderCancelled', 'ordering', 90),
  toMessage('VoidPayment', 'ordering', 90),
];
const handlers = findHandlers();
const arrows = sequenceOf(
  {
    placedAt,
    messages,
    timeline: [{ type: 'DeadlinePassed', time: at(90).toISOString() }],
    operations: [{ kind: 'authorise', outcome: 'approved', at: at(60).toISOString() }],
  },
  handlers,
);

describe('the handlers in the sources', () => {
  it('are all found at their source lines', () => {
    const files = globSync('apps/*/src/**/*.ts', { cwd: root, exclude: ['**/*.spec.ts'] });
    const written = files.flatMap((file) => [
      ...readFileSync(join(root, file), 'utf8').matchAll(/@OnMessage\(/g),
    ]);
    const found = [...handlers.messages.values()].flat();
    expect(found.length).toBe(written.length);
    for (const { file, line } of [...found, ...handlers.routes.values()]) {
      const text = readFileSync(join(root, file), 'utf8').split('\n')[line - 1];
      expect(text).toMatch(/@(OnMessage|Get|Post|Patch|Delete)\(/);
    }
  });
  it('are indexed by message type', () => {
    expect(handlers.messages.get('CapturePayment')?.map(({ service }) => service)).toEqual([
      'payments',
    ]);
    expect(handlers.messages.get('CancellationRequested')?.map(({ service }) => service)).toEqual([
      'shipping',
    ]);
    for (const route of [
      'ordering POST /orders',
      'ordering POST /orders/:id/cancellation',
      'payment-provider POST /operations',
    ])
      expect(handlers.routes.has(route), route).toBe(true);
  });
});

describe('the sequence of an order', () => {
  it('lists sender, receiver and message in order of time, and the duration of each reply', () => {
    const lines = arrows.map(
      ({ from, to, what, atMs, tookMs }) =>
        `${atMs} ${from} → ${to} ${what}${tookMs === undefined ? '' : ` (${tookMs})`}`,
    );
    expect(lines).toEqual([
      '0 customer → ordering POST /orders',
      '0 ordering → ordering OrderPlaced',
      '0 ordering → inventory ReserveStock (30)',
      '30 inventory → ordering StockReserved (10)',
      '40 ordering → payments AuthorisePayment',
      '60 payments → provider authorise: approved',
      '90 customer → ordering POST /orders/:id/cancellation',
      '90 ordering → ordering DeadlinePassed',
      '90 ordering → ordering OrderCancelled',
      '90 ordering → payments VoidPayment',
    ]);
  });
  it('fits a terminal of 80 columns, except for source locations', () => {
    const lines = stripVTControlCharacters(drawText(arrows)).split('\n');
    const drawn = lines.filter((line) => !line.includes('apps/'));
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.find((line) => line.includes('◀'))).toMatch(/│◀─+│/);
  });
  it('is drawn as SVG with every message', () => {
    const svg = drawSvg('Order <1> & more', arrows);
    expect(svg).toContain('Order &lt;1&gt; &amp; more');
    for (const { what } of arrows) expect(svg).toContain(what);
    expect(svg.match(/marker-end/g)).toHaveLength(
      arrows.filter(({ from, to }) => from !== to).length,
    );
  });
});
