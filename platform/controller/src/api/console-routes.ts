import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Platform } from '../platform.ts';
import { AppCalls } from './app-calls.ts';
import { readCookie } from './guard.ts';
import { ApiProblem, Problem } from './problem.ts';
import { SESSION_LIFETIME_MS, type Sessions } from './sessions.ts';
import { SystemMap, systemMap } from './system-map.ts';

/** Reads data of a plug-in of the map: `data('explain', 'sequence', { order: '0192…' })`. */
export type PluginData = (
  plugin: string,
  name: string,
  query: Readonly<Record<string, string>>,
) => Promise<unknown>;

interface ConsoleSettings {
  readonly sessions: Sessions;
  readonly cookie: string;
  readonly data: PluginData;
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** What the console needs beside the routes of the command line: signing in, the map, data of apps and plug-ins. */
export function consoleRoutes(
  platform: Platform,
  { sessions, cookie, data }: ConsoleSettings,
): FastifyPluginAsyncZod {
  const calls = new AppCalls(platform);
  const attributes = 'Path=/; HttpOnly; SameSite=Strict';
  return async (api) => {
    api.post(
      '/console/codes',
      {
        schema: {
          summary: 'A link that signs a browser in; valid once, for a minute',
          response: { 200: z.object({ url: z.string() }), '4xx': Problem },
        },
      },
      async () => ({
        url: `${platform.apiUrl}/console/sign-in#code=${sessions.issueCode()}`,
      }),
    );
    api.post(
      '/session',
      {
        config: { isPublic: true },
        schema: {
          summary: 'Sign in with a one-time code; the session is a cookie',
          body: z.strictObject({ code: z.string().max(100) }),
          response: { 204: z.void(), '4xx': Problem },
        },
      },
      async ({ body: { code } }, reply) => {
        const session = sessions.redeem(code);
        if (!session)
          throw new ApiProblem(
            401,
            'codeInvalid',
            'This link has expired or was used before.',
            'fieldguide console',
          );
        const maxAge = `Max-Age=${SESSION_LIFETIME_MS / 1_000}`;
        return reply
          .status(204)
          .header('set-cookie', `${cookie}=${session}; ${attributes}; ${maxAge}`)
          .send();
      },
    );
    api.delete(
      '/session',
      { schema: { summary: 'Sign out', response: { 204: z.void(), '4xx': Problem } } },
      async ({ headers }, reply) => {
        sessions.end(readCookie(headers, cookie) ?? '');
        return reply
          .status(204)
          .header('set-cookie', `${cookie}=; ${attributes}; Max-Age=0`)
          .send();
      },
    );
    api.get(
      '/map',
      {
        schema: {
          summary: 'Apps, topics, and the calls and messages between them that pacts cover',
          response: { 200: SystemMap, '4xx': Problem },
        },
      },
      () => systemMap(),
    );
    api.get(
      '/plugins/:plugin/:name',
      {
        schema: {
          summary: 'Data of a plug-in of the map',
          params: z.object({ plugin: z.string(), name: z.string() }),
          querystring: z.record(z.string(), z.string().max(200)),
        },
      },
      ({ params: { plugin, name }, query }) => data(plugin, name, query),
    );
    api.route({
      method: methods,
      url: '/apps/:app/calls/*',
      schema: {
        summary: 'Call an app as the operator: at a healthy instance, a worker if possible',
        params: z.object({ app: z.string(), '*': z.string() }),
      },
      handler: async ({ params, method, url, body }, reply) => {
        const path = url.slice(url.indexOf('/calls/') + '/calls'.length);
        const { status, type, text } = await calls.call(params.app, method, path, body);
        return reply.status(status).type(type).serializer(String).send(text);
      },
    });
  };
}
