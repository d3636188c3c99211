import { describe, expect, it } from 'vitest';
import { Health, makeLog, NestLog } from './index.ts';

describe('health', () => {
  it('is as bad as the worst dependency', async () => {
    const health = new Health();
    health.register('database', () => 'ok');
    expect((await health.report()).status).toBe('ok');
    health.register('kafka', () => ({ state: 'degraded', detail: 'no broker' }));
    expect((await health.report()).status).toBe('degraded');
    health.register('schema', () => Promise.reject(new Error('older than the code')));
    expect(await health.report()).toEqual({
      status: 'down',
      dependencies: {
        database: { state: 'ok' },
        kafka: { state: 'degraded', detail: 'no broker' },
        schema: { state: 'down', detail: 'older than the code' },
      },
    });
  });
  it('counts a check that times out as down', async () => {
    const health = new Health(5);
    health.register('consul', () => new Promise(() => {}));
    expect((await health.report()).status).toBe('down');
  });
  it('is down while draining', async () => {
    const health = new Health();
    health.drain();
    expect((await health.report()).status).toBe('down');
  });
});

describe('a log', () => {
  it('contains the code of an error, and not its parameters', () => {
    const lines: string[] = [];
    const log = makeLog('test', 'test-1', 'info', { write: (line) => void lines.push(line) });
    const failed = Object.assign(new Error('duplicate key'), {
      code: '23505',
      parameters: ['ada@example.org'],
    });
    new NestLog(log).error(failed, 'sql');
    log.warn({ err: failed }, 'again');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      service: 'test',
      instance: 'test-1',
      level: 'error',
      err: { code: '23505' },
    });
    expect(lines.join()).not.toContain('ada@example.org');
  });

  it('contains the constraint and table of an error, and none of the values', () => {
    const lines: string[] = [];
    const log = makeLog('test', 'test-1', 'info', { write: (line) => void lines.push(line) });
    const driverError = Object.assign(new Error('duplicate key'), {
      code: '23505',
      constraint: 'accounts_email_key',
      table: 'accounts',
      detail: 'Key (email)=(ada@example.org) already exists.',
    });
    const query = "INSERT INTO accounts VALUES ('ada@example.org')";
    log.error({ err: Object.assign(new Error('duplicate key'), { query, driverError }) }, 'failed');
    const unreadable = Object.assign(
      new Error('invalid input syntax for type uuid: "ada@example.org"'),
      { code: '22P02' },
    );
    log.error({ err: unreadable }, 'failed');
    log.error({ err: new Error('not handled', { cause: unreadable }) }, 'failed');
    expect(JSON.parse(lines[0]!).err).toMatchObject({
      code: '23505',
      constraint: 'accounts_email_key',
      table: 'accounts',
    });
    expect(JSON.parse(lines[1]!).err.message).toBe('invalid input syntax for type uuid: "…"');
    expect(lines.join()).not.toContain('ada@example.org');
  });
});
