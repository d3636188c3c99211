import { system } from '@fieldguide/system';
import { describe, expect, it } from 'vitest';
import { pactEdges, realEdges } from './edges.ts';

describe('every edge has a pact', () => {
  const [real, agreed] = [realEdges(), pactEdges()];
  it('no route, client or subscription is without one', () =>
    expect([...real].filter((edge) => !agreed.has(edge))).toEqual([]));
  it('no pact is without a route, client or subscription', () =>
    expect([...agreed].filter((edge) => !real.has(edge))).toEqual([]));
  it('finds the edges of all services', () =>
    expect(real.size).toBeGreaterThan(Object.keys(system.apps).length));
});
