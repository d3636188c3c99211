import { topics } from '@fieldguide/contracts/topics';
import { describe, expect, it } from 'vitest';
import { pactEdges, realEdges } from './edges.ts';

const SESSIONS = 'identity.sessions.v1';

describe('every edge has a pact', () => {
  const [real, agreed] = [realEdges(), pactEdges()];
  it('no route, client or subscription is without one', () =>
    expect([...real].filter((edge) => !agreed.has(edge))).toEqual([]));
  it('no pact is about something that nobody does', () =>
    expect([...agreed].filter((edge) => !real.has(edge))).toEqual([]));
  it('the list of topics names exactly those who listen', () => {
    const listed = topics.flatMap(({ name, consumers }) =>
      consumers.map((consumer) => `${consumer} ${name}`),
    );
    const listens = [...real].flatMap((edge) => {
      const [consumer, verb, , what] = edge.split(' ');
      const topic = what!.split('/')[0]!;
      return verb === 'hears' && topic !== SESSIONS ? [`${consumer} ${topic}`] : [];
    });
    const everybody = [`all ${SESSIONS}`];
    expect(new Set(listed)).toEqual(new Set([...listens, ...everybody]));
  });
  it('and there are many', () => expect(real.size).toBeGreaterThan(40));
});
