import { PROBLEM_JSON, problem } from '@fieldguide/problems';
import type { FastifyAdapter } from '@nestjs/platform-fastify';

interface KnownPath {
  readonly parts: readonly string[];
  readonly methods: Set<string>;
}

/** Returns 405 with the allowed methods for a known path with another method; Fastify would return 404. */
export function rejectOtherMethods(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  const known = new Map<string, KnownPath>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const { methods } = known.get(url) ?? { methods: new Set() };
    for (const each of [method].flat()) methods.add(each);
    known.set(url, { parts: url.split('/'), methods });
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const parts = request.url.split('?', 1)[0]!.split('/');
    const allowed = [...known.values()].filter((each) => matches(each.parts, parts));
    if (allowed.length === 0) return done();
    const allow = [...new Set(allowed.flatMap(({ methods }) => [...methods]))].sort().join(', ');
    const title = `${request.method} is not allowed here.`;
    reply
      .status(405)
      .header('allow', allow)
      .type(PROBLEM_JSON)
      .send(JSON.stringify(problem(405, 'methodNotAllowed', title, { detail: `Try ${allow}.` })));
  });
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  if (pattern.length !== path.length) return false;
  return pattern.every((part, i) => (part.startsWith(':') ? path[i] !== '' : part === path[i]));
}
