import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { ApiProblem } from './problem.ts';

/**
 * Who may talk to the platform: a program of this user, which can read the token file. A web page cannot: its requests
 * carry an Origin; and a foreign name that leads to this address (DNS rebinding) shows in Host.
 * @param hosts accepted values of Host: `127.0.0.1:8090`, `localhost:8090`
 */
export function guard(api: FastifyInstance, token: string, hosts: () => readonly string[]): void {
  api.addHook('onRequest', async ({ headers }) => {
    if (!hosts().includes(headers.host ?? ''))
      throw new ApiProblem(403, 'hostNotAllowed', 'This API answers on the loopback only.');
    if (headers.origin !== undefined && !hosts().includes(headers.origin.replace('http://', '')))
      throw new ApiProblem(403, 'originNotAllowed', 'Requests from other origins are not allowed.');
    if (!isSame(headers.authorization?.replace(/^Bearer /, '') ?? '', token)) {
      const hint = 'send "Authorization: Bearer <token>" with the token from the file api-token';
      throw new ApiProblem(401, 'tokenMissing', 'The token is missing or wrong.', hint);
    }
  });
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
