import { appendFileSync, writeFileSync } from 'node:fs';
import type { Environment } from '@fieldguide/platform-host/environment';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as LogsModule from './logs.ts';

let environment: Environment;
let logs: typeof LogsModule;
let count = 0;
beforeAll(() => {
  useTestWorkspace();
  vi.stubEnv('NO_COLOR', '1');
});
afterAll(() => {
  vi.unstubAllEnvs();
});
beforeEach(async () => {
  const environmentModule = await import('@fieldguide/platform-host/environment');
  logs = await import('./logs.ts');
  environment = new environmentModule.Environment(`logs-${++count}`);
});
const line = (second: number, msg: string) =>
  `${JSON.stringify({ level: 'info', time: `2026-01-01T00:00:0${second}.000Z`, msg })}\n`;
const texts = (lines: readonly LogsModule.LogLine[]) =>
  lines.map((each) => `${each.source} ${JSON.parse(logs.toJson(each)).msg}`);

describe('the log stream', () => {
  it('merges all logs by time, and keeps lines without a time in place', async () => {
    writeFileSync(environment.logFile('alpha-1'), line(1, 'one') + line(3, 'three'));
    writeFileSync(
      environment.logFile('kafka'),
      '2026-01-01T00:00:02,500 WARN two\n  and what belongs to it\n',
    );
    expect(texts(await logs.readLogs(environment, {}))).toEqual([
      'alpha-1 one',
      'kafka 2026-01-01T00:00:02,500 WARN two',
      'kafka   and what belongs to it',
      'alpha-1 three',
    ]);
  });

  it('of one app has all its instances, and none of an app with the same prefix', async () => {
    writeFileSync(environment.logFile('alpha-1'), line(1, 'a'));
    writeFileSync(environment.logFile('alpha-2'), line(2, 'b'));
    writeFileSync(environment.logFile('alpha-provision'), line(3, 'c'));
    writeFileSync(environment.logFile('alpha-store-1'), line(4, 'd'));
    const own = await logs.readLogs(environment, { source: 'alpha' });
    expect(texts(own)).toEqual(['alpha-1 a', 'alpha-2 b', 'alpha-provision c']);
    await expect(logs.readLogs(environment, { source: 'alph' })).rejects.toThrow(
      /Did you mean "alpha"/,
    );
  });

  it('begins at the requested time', async () => {
    writeFileSync(environment.logFile('alpha-1'), line(1, 'old') + line(5, 'new'));
    const since = new Date('2026-01-01T00:00:03Z');
    expect(texts(await logs.readLogs(environment, { since }))).toEqual(['alpha-1 new']);
  });

  it('follows line by line, also when a line comes in two parts', async () => {
    writeFileSync(environment.logFile('alpha-1'), line(1, 'before'));
    const ending = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const each of logs.followLogs(environment, {}, ending.signal))
        seen.push(...texts([each]));
    })();
    const whole = line(2, 'in two parts');
    appendFileSync(environment.logFile('alpha-1'), whole.slice(0, 20));
    appendFileSync(environment.logFile('alpha-1'), whole.slice(20));
    await expect.poll(() => seen).toEqual(['alpha-1 in two parts']);
    appendFileSync(environment.logFile('alpha-2'), line(3, 'another file'));
    await expect.poll(() => seen.at(-1)).toBe('alpha-2 another file');
    ending.abort();
    await following;
  });

  it('shows one line each to people', async () => {
    const [formatLine] = [
      { source: 'alpha-1', time: '', text: line(1, 'A letter was sent').trim() },
    ].map(logs.formatLine);
    expect(formatLine).toBe('alpha-1            00:00:01.000 info A letter was sent');
  });
});
