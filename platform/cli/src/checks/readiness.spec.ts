import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readinessTable } from '../screen/check-tables.ts';
import { judgeReadiness } from './readiness.ts';
import type { ReadinessEvidence } from './readiness-evidence.ts';

const event = (seconds: number, msg: string) => ({
  time: new Date(Date.UTC(2030, 0, 1, 12, 0, seconds)).toISOString(),
  msg,
});
const starting = event(0, 'Starting the environment "local" (Node 24)');
const app = {
  app: 'alpha',
  earlier: ['d0'],
} as unknown as ReadinessEvidence['apps'][number];
const healthy: ReadinessEvidence = {
  events: [
    starting,
    event(9, '✓ 2 apps are ready (3.0 s)'),
    event(50, '✓ Pushed alpha d1 (7.5 s)'),
  ],
  apps: [app],
  metrics: new Map([['alpha/1', 120]]),
  slo: {
    objectives: [{ name: 'browsing' }],
    measuredSince: '2030-01-01T12:00:00.000Z',
  } as unknown as ReadinessEvidence['slo'],
  alerts: { wanted: ['Lag'], rules: ['Lag', 'Down'], routed: ['Lag', 'Down'], runbooks: ['Lag'] },
  traced: ['front', 'alpha'],
  rollbacks: ['alpha'],
  owned: ['alpha'],
  pages: ['docs/teams/on-call.md', 'docs/teams/post-mortem-2030-01-01-lag.md'],
};

const broken: readonly (readonly [check: string, evidence: object, found: RegExp])[] = [
  ['environment', { events: [starting, event(301, '✓ 2 apps are ready')] }, /ready 301 s after/],
  ['metrics', { metrics: new Map([['alpha/1', 0]]) }, /alpha\/1 has none/],
  ['objectives', { slo: { ...healthy.slo, measuredSince: null } }, /nothing is measured/],
  ['alert rules', { alerts: { ...healthy.alerts, rules: [] } }, /no rule for Lag/],
  ['traces', { traced: [] }, /has no trace/],
  ['push', { events: [event(0, '✓ Pushed alpha d1 (601.0 s)')] }, /601 s/],
  ['rollback', { rollbacks: [] }, /alpha has lost its last artifact/],
  ['owners', { owned: [] }, /alpha has no owner/],
  ['runbooks', { alerts: { ...healthy.alerts, runbooks: [] } }, /Lag has none/],
  ['on-call', { alerts: { ...healthy.alerts, routed: ['Lag'] } }, /Down has no severity/],
  ['post-mortem', { pages: ['docs/teams/post-mortem-template.md'] }, /no such file/],
];
const judged = (change: object) => judgeReadiness({ ...healthy, ...change });
const withVerdict = (verdict: string, change: object) =>
  judged(change).filter((each) => each.verdict === verdict);

describe('readiness', () => {
  it('is green on a healthy system', () => {
    expect(withVerdict('green', {}).map(({ check }) => check)).toEqual(
      broken.map(([check]) => check),
    );
  });

  it.each(broken)('has %s red, and no other, on broken evidence', (check, change, found) => {
    expect(withVerdict('red', change)).toEqual([
      expect.objectContaining({ check, found: expect.stringMatching(found) }),
    ]);
  });

  it('uses the last start and the last push', () => {
    const events = [event(0, '✓ Pushed alpha d1 (601.0 s)'), starting, ...healthy.events];
    expect(withVerdict('red', { events })).toEqual([]);
  });

  it('has no evidence for a push before the first', () => {
    const change = { events: healthy.events.slice(0, 2), apps: [{ ...app, earlier: [] }] };
    const unmeasured = withVerdict('unmeasured', change);
    expect(unmeasured.map(({ check }) => check)).toEqual(['push', 'rollback']);
    expect(stripVTControlCharacters(readinessTable(judged(change)))).toContain(
      '– push: nothing was pushed to this environment yet. Try: fieldguide push APP',
    );
  });

  it('has no evidence of who is called, where there is only a template', () => {
    const pages = ['docs/teams/on-call-template.md', healthy.pages[1]!];
    expect(withVerdict('unmeasured', { pages }).map(({ check }) => check)).toEqual(['on-call']);
  });

  it('states that it only looks for the files of a culture', () => {
    const text = stripVTControlCharacters(readinessTable(judged({ owned: [] })));
    expect(text).toMatch(/found: {4}alpha has no owner\n {2}look at: .*cannot measure culture/);
  });
});
