import { describe, expect, it } from 'vitest';
import type { LiveEdge, SystemMap } from '../api/types.ts';
import { graphOf, lookOf, widthOf } from './graph.ts';
import { layoutOf } from './layout.ts';

const app = (name: string, kind: 'service' | 'gateway' = 'service') => ({
  app: name,
  kind,
  summary: name,
  team: 'readers',
  uses: [],
});
const http = (from: string, to: string, isCommon = false) => ({
  from,
  to,
  via: 'http' as const,
  topic: null,
  messages: [],
  isCommon,
});
const map: SystemMap = {
  apps: [app('door', 'gateway'), app('shelf'), app('loans'), app('keys')],
  clients: ['reader'],
  topics: [
    { topic: 'loans.loans.v1', owner: 'loans' },
    { topic: 'keys.ended.v1', owner: 'keys' },
  ],
  edges: [
    http('reader', 'door'),
    http('door', 'shelf'),
    http('shelf', 'keys', true),
    {
      from: 'loans',
      to: 'shelf',
      via: 'topic',
      topic: 'loans.loans.v1',
      messages: ['Lent'],
      isCommon: false,
    },
  ],
  plugins: [],
};
const live = (from: string | null, to: string, more: Partial<LiveEdge> = {}): LiveEdge => ({
  from,
  to,
  via: 'http',
  topic: null,
  calls: 60,
  errors: 0,
  p50Ms: 1,
  p95Ms: 2,
  ...more,
});
const graph = (edges: readonly LiveEdge[] | undefined, isComplete = false) =>
  graphOf({ map, live: edges, faults: [], isComplete });
const edge = (edges: readonly LiveEdge[], id: string) =>
  graph(edges).edges.find((each) => each.id === id)!;

describe('the graph of the map', () => {
  it('splits a message into its publication and its consumption', () => {
    expect(graph(undefined).edges.map(({ id, kind }) => `${id} ${kind}`)).toEqual([
      'reader → door http',
      'door → shelf http',
      'loans → loans.loans.v1 publishes',
      'loans.loans.v1 → shelf consumes',
    ]);
  });
  it('leaves out what nearly every app has, and a topic without an edge, until all is wanted', () => {
    const ids = (isComplete: boolean) =>
      graph([live('shelf', 'keys')], isComplete).edges.map(({ id }) => id);
    expect(ids(false)).not.toContain('shelf → keys');
    expect(ids(true)).toContain('shelf → keys');
    expect(graph([]).nodes.map(({ id }) => id)).not.toContain('keys.ended.v1');
  });
  it('shows an edge that runs without a pact', () => {
    expect(edge([live('loans', 'shelf')], 'loans → shelf')).toMatchObject({ hasPact: false });
    expect(edge([live(null, 'door')], 'reader → door')).toMatchObject({ hasPact: true });
  });
  it('leaves out backing services, and calls of the operator at an instance', () => {
    const ids = graph([live('shelf', '127.0.0.1'), live(null, 'shelf')]).edges.map(({ id }) => id);
    expect(ids).toEqual(graph([]).edges.map(({ id }) => id));
  });
  it('adds up the traffic of a topic where its consumers meet', () => {
    const topic = { via: 'topic' as const, topic: 'loans.loans.v1' };
    const both = [
      live('loans', 'shelf', topic),
      live('loans', 'door', { ...topic, errors: 3, p95Ms: 9 }),
    ];
    expect(edge(both, 'loans → loans.loans.v1').traffic).toMatchObject({
      calls: 120,
      errors: 3,
      p95Ms: 9,
    });
    expect(edge(both, 'loans.loans.v1 → shelf').traffic).toMatchObject({ calls: 60, errors: 0 });
  });
  it('distinguishes errors, traffic, silence and missing traces', () => {
    const looks = [
      live('door', 'shelf', { errors: 1 }),
      live('reader', 'door'),
      live('loans', 'door', { calls: 0 }),
    ];
    expect(
      ['door → shelf', 'reader → door', 'loans → door', 'loans → loans.loans.v1'].map((id) =>
        lookOf(edge(looks, id)),
      ),
    ).toEqual(['errors', 'ok', 'idle', 'idle']);
    expect(graph(undefined).edges.map(lookOf)).toEqual(Array(4).fill('unknown'));
  });
  it('draws a higher rate wider, within limits', () => {
    const width = (calls: number) => widthOf({ traffic: live('a', 'b', { calls }) });
    expect(width(6_000)).toBeGreaterThan(width(60));
    expect(width(1e9)).toBe(6);
  });
});

describe('the layout', () => {
  it('places callers left of what they call, at the same places whatever the traffic', () => {
    const { boxes, lines } = layoutOf(graph([]));
    expect(boxes.get('reader')!.x).toBeLessThan(boxes.get('door')!.x);
    expect(boxes.get('door')!.x).toBeLessThan(boxes.get('shelf')!.x);
    expect(lines.get('door → shelf')?.path).toMatch(/^M [\d. ]+/);
    expect(layoutOf(graph([live('door', 'shelf')]))).toEqual(layoutOf(graph([])));
  });
});
