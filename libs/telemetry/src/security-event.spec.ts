import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { makeLog, securityEvent } from './index.ts';
import { securityEvents } from './security-event.ts';

function recorded() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  return { lines, log: makeLog('things', 'things-1', 'info', { write }) };
}

describe('a security event', () => {
  it('is a line with who, what and from where', () => {
    const { lines, log } = recorded();
    securityEvent(log, 'authz_fail', { who: 'ada', what: 'POST /things', from: '192.0.2.1' });
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        service: 'things',
        security_event: 'authz_fail',
        who: 'ada',
        what: 'POST /things',
        from: '192.0.2.1',
      }),
    ]);
  });
  it('has no other fields of what is passed', () => {
    const { lines, log } = recorded();
    const caller = { who: 'ada', email: 'ada@fieldguide.test', password: 'secret' };
    securityEvent(log, 'user_created', caller);
    expect(JSON.stringify(lines)).not.toMatch(/@|secret/);
  });
  it('does not fill the log: a flood is counted instead', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(5_000);
    const { lines, log } = recorded();
    for (let i = 0; i < 1_000; i++) securityEvent(log, 'authn_token_invalid', {});
    expect(lines).toHaveLength(20);
    now.mockReturnValue(6_000);
    securityEvent(log, 'authn_token_invalid', {});
    expect(lines.at(-1)).toMatchObject({ dropped: 980 });
    now.mockRestore();
  });
  it('is explained on the reference page, and no other is', () => {
    const page = readFileSync('docs/reference/security-events.md', 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, ...row]) => row);
    expect(rows).toEqual(Object.entries(securityEvents));
  });
});
