import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { followLogs, logSources, readLogs, toJson } from '../log-stream/logs.ts';
import type { Operations } from '../operations.ts';
import type { Platform } from '../platform.ts';
import { ScaleChange } from '../scale.ts';
import { SloReport } from '../slo/objective-watch.ts';
import { AppStatus, appStatus, ServiceStatus, Status, servicesOf, statusOf } from '../status.ts';
import { Problem } from './problem.ts';
import { stream } from './stream.ts';

const App = z.object({ app: z.string() });
const InstanceParams = z.object({ app: z.string(), index: z.coerce.number().int().min(1) });
const SettingParams = z.object({ app: z.string(), key: z.string() });
const Artifact = z.object({ app: z.string(), digest: z.string(), fresh: z.boolean().optional() });
const Setting = z.object({ value: z.string(), source: z.string(), live: z.boolean() });
const Done = z.object({ done: z.string() });

/** The routes of a running platform; the OpenAPI document is generated from them. */
export function routes(
  platform: Platform,
  operations: Operations,
  stop: () => void,
): FastifyPluginAsyncZod {
  const { environment, events } = platform;
  const answers = <Answer extends z.ZodType>(answer: Answer) => ({ 200: answer, '4xx': Problem });
  return async (api) => {
    api.get(
      '/status',
      { schema: { summary: 'Everything that runs', response: answers(Status) } },
      () => statusOf(platform),
    );
    api.get(
      '/slo',
      { schema: { summary: 'Objectives with their error budgets', response: answers(SloReport) } },
      () => platform.objectives.report(),
    );
    api.get(
      '/apps',
      {
        schema: { summary: 'Every app with its instances', response: answers(z.array(AppStatus)) },
      },
      async () => (await statusOf(platform)).apps,
    );
    api.get(
      '/apps/:app',
      { schema: { summary: 'One app', params: App, response: answers(AppStatus) } },
      ({ params: { app } }) => appStatus(platform, operations.known(app)),
    );
    api.patch(
      '/apps/:app',
      {
        schema: {
          summary: 'Scale: how many instances, of which process type, how much memory each',
          params: App,
          body: z.strictObject({
            instances: ScaleChange.optional(),
            memoryMb: z.number().optional(),
          }),
          response: answers(AppStatus),
        },
      },
      async ({ params: { app }, body }) => {
        await operations.scale(app, body);
        return appStatus(platform, app);
      },
    );
    api.post(
      '/apps/:app/pushes',
      {
        schema: {
          summary: 'Stage the present sources and replace the instances one by one',
          params: App,
          body: z.object({ force: z.boolean().default(false) }).default({ force: false }),
          response: answers(Artifact),
        },
      },
      async ({ params: { app }, body }) => ({ app, ...(await operations.push(app, body.force)) }),
    );
    api.post(
      '/apps/:app/rollbacks',
      {
        schema: {
          summary: 'Return to the previous artifact',
          params: App,
          body: z.object({ force: z.boolean().default(false) }).default({ force: false }),
          response: answers(Artifact),
        },
      },
      async ({ params: { app }, body }) => ({
        app,
        ...(await operations.rollback(app, body.force)),
      }),
    );
    api.post(
      '/apps/:app/rebuilds',
      {
        schema: {
          summary: 'Rebuild a projection without downtime',
          params: App,
          body: z.strictObject({ projection: z.string().regex(/^[a-z][a-z0-9-]{0,60}$/) }),
          response: answers(Done),
        },
      },
      async ({ params: { app }, body: { projection } }) => {
        await operations.rebuild(app, projection);
        return { done: `Projection ${projection} is rebuilt` };
      },
    );
    api.post(
      '/apps/:app/restarts',
      {
        schema: {
          summary: 'Restart every instance, one by one',
          params: App,
          response: answers(Done),
        },
      },
      async ({ params: { app } }) => {
        await operations.restart(app);
        return { done: `${app} restarted` };
      },
    );
    api.post(
      '/apps/:app/instances/:index/signals',
      {
        schema: {
          summary: 'Send a signal to one instance',
          params: InstanceParams,
          body: z.strictObject({ signal: z.string().default('SIGKILL') }),
          response: answers(Done),
        },
      },
      ({ params: { app, index }, body: { signal } }) => {
        const { id } = operations.kill(app, index, signal);
        return { done: `${id} got ${signal.toUpperCase()}` };
      },
    );
    api.get(
      '/apps/:app/settings',
      {
        schema: {
          summary: 'Every setting with its source; secrets masked',
          params: App,
          response: answers(z.record(z.string(), Setting)),
        },
      },
      ({ params: { app } }) => operations.settings(app),
    );
    api.put(
      '/apps/:app/settings/:key',
      {
        schema: {
          summary: 'Set one; a live one takes effect immediately, another by a restart',
          params: SettingParams,
          body: z.strictObject({ value: z.string().max(10_000) }),
          response: answers(z.object({ restarted: z.boolean() })),
        },
      },
      ({ params: { app, key }, body: { value } }) => operations.set(app, key, value),
    );
    api.delete(
      '/apps/:app/settings/:key',
      {
        schema: {
          summary: 'Remove the override of a setting',
          params: SettingParams,
          response: answers(z.object({ restarted: z.boolean() })),
        },
      },
      ({ params: { app, key } }) => operations.set(app, key, undefined),
    );
    api.put(
      '/apps/:app/debugger',
      {
        schema: {
          summary: 'Restart with source maps and a port for a debugger',
          params: App,
          body: z.strictObject({
            port: z.int().min(1_024).max(65_535),
            force: z.boolean().default(false),
          }),
          response: answers(Done),
        },
      },
      async ({ params: { app }, body: { port, force } }) => {
        await operations.dev(app, port, force);
        return { done: `${app} listens for a debugger on ${port}` };
      },
    );
    api.delete(
      '/apps/:app/debugger',
      { schema: { summary: 'Restart without a debugger', params: App, response: answers(Done) } },
      async ({ params: { app } }) => {
        await operations.dev(app, undefined);
        return { done: `${app} runs as before` };
      },
    );
    api.get(
      '/services',
      {
        schema: {
          summary: 'The backing services',
          response: answers(z.array(ServiceStatus)),
        },
      },
      async () => servicesOf(platform),
    );
    api.post(
      '/services/:service/restarts',
      {
        schema: {
          summary: 'Stop a backing service and start it again',
          params: z.object({ service: z.string() }),
          response: answers(Done),
        },
      },
      async ({ params: { service } }) => {
        await operations.restartBacking(service);
        return { done: `${service} restarted` };
      },
    );
    api.get(
      '/events',
      {
        schema: { summary: 'Every change, as server-sent events', produces: ['text/event-stream'] },
      },
      (request, reply) =>
        stream(reply, (send) => {
          const last = Number(request.headers['last-event-id'] ?? Number.NaN);
          for (const event of events.recent.filter(({ id }) => id > last)) send(event, event.id);
          return events.listen((event) => send(event, event.id));
        }),
    );
    api.get(
      '/logs',
      {
        schema: {
          summary:
            'Logs: those so far as JSON lines, or from now on as server-sent events (follow)',
          querystring: z.strictObject({
            app: z.string().optional(),
            since: z.iso.datetime().optional(),
            follow: z.stringbool().default(false),
          }),
        },
      },
      async (request, reply) => {
        const { app: source, since, follow } = request.query;
        const query = { source, ...(since && { since: new Date(since) }) };
        if (!follow) {
          const lines = await readLogs(environment, query);
          return reply.type('application/x-ndjson').send(lines.map(toJson).join('\n'));
        }
        if (source !== undefined) parseChoice('log', source, logSources);
        return stream(reply, (send) => {
          const ending = new AbortController();
          void (async () => {
            for await (const line of followLogs(environment, query, ending.signal))
              send(JSON.parse(toJson(line)));
          })();
          return () => ending.abort();
        });
      },
    );
    api.post(
      '/resets',
      {
        schema: {
          summary:
            'All data gone, clean and seeded again; with push also these apps from their present sources, and the rest as at the start',
          body: z.strictObject({ push: z.array(z.string()).optional() }).nullish(),
          response: answers(Done),
        },
      },
      async (request) => {
        await operations.reset(request.body?.push);
        return { done: 'reset' };
      },
    );
    api.post(
      '/stops',
      { schema: { summary: 'Stop the platform', response: answers(Done) } },
      async () => {
        stop();
        return { done: 'stopping' };
      },
    );
  };
}
