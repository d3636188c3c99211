import { QueryFailedError } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { ConcurrencyError, isTransient } from './index.ts';

const withCode = (code: string) => Object.assign(new Error('failed'), { code });
const failedQuery = (code: string) => new QueryFailedError('SELECT 1', [], withCode(code));

describe('an error is transient', () => {
  it.each([
    ['connection failure', '08006'],
    ['deadlock', '40P01'],
    ['too many connections', '53300'],
    ['lock not available', '55P03'],
    ['statement cancelled', '57014'],
    ['server shut down', '57P01'],
    ['input or output failed', '58030'],
    ['idle transaction ended', '25P03'],
  ])('when PostgreSQL reports: %s (%s)', (_, code) => {
    expect(isTransient(withCode(code))).toBe(true);
    expect(isTransient(failedQuery(code))).toBe(true);
  });

  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EAI_AGAIN',
    'UND_ERR_SOCKET',
    'EOPENBREAKER',
  ])('when the network reports %s, at any depth of causes', (code) => {
    expect(isTransient(new Error('outer', { cause: withCode(code) }))).toBe(true);
    expect(isTransient(new AggregateError([new Error('one'), withCode(code)]))).toBe(true);
  });

  it.each([
    'Query read timeout',
    'timeout exceeded when trying to connect',
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'Client has encountered a connection error and is not queryable',
    'Cannot use a pool after calling end on the pool',
  ])('when the client of PostgreSQL reports without a code: %s', (message) =>
    expect(isTransient(new QueryFailedError('SELECT 1', [], new Error(message)))).toBe(true),
  );

  it('when another unit of work has changed the row, or a time limit has passed', () => {
    expect(isTransient(new ConcurrencyError('a has changed'))).toBe(true);
    expect(isTransient(AbortSignal.abort(new DOMException('late', 'TimeoutError')).reason)).toBe(
      true,
    );
  });
});

describe('an error is not transient', () => {
  it.each([
    ['a NUL byte in text', '22021'],
    ['a row that exists', '23505'],
    ['no such table', '42P01'],
    ['too deep', '54001'],
    ['a code of our own', 'E_OUT_OF_STOCK'],
  ])('when it is: %s (%s)', (_, code) => expect(isTransient(failedQuery(code))).toBe(false));

  it('when a handler or a schema rejects the input, or the value is no error', () => {
    for (const thrown of [new Error('The goods have left'), 'text', undefined, null, 57014])
      expect(isTransient(thrown)).toBe(false);
    const loop = new Error('a');
    loop.cause = loop;
    expect(isTransient(loop)).toBe(false);
  });
});
