import { expect, it } from 'vitest';
import { staleSince } from './stale.ts';

it.each([
  ['gateway; hit; ttl=-40; detail=stale-if-error', { staleSinceMs: 55_000 }],
  ['gateway; hit; ttl=-2', {}],
  ['gateway; fwd=uri-miss; fwd-status=200; stored', {}],
])('a response is stale only when the service failed: %s', (status, expected) =>
  expect(staleSince(new Headers({ 'cache-status': status, age: '45' }), 100_000)).toEqual(expected),
);
