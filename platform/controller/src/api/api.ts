import { randomBytes } from 'node:crypto';
import swagger from '@fastify/swagger';
import { writeFileSafely } from '@fieldguide/platform-host/environment';
import { isFree } from '@fieldguide/platform-host/processes/ports';
import { tokenFileOf } from '@fieldguide/platform-host/state';
import { system } from '@fieldguide/platform-host/system';
import Fastify, { type FastifyInstance } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import type { Operations } from '../operations.ts';
import type { Platform } from '../platform.ts';
import { webFolderOf } from '../web-files.ts';
import { consolePages } from './console-pages.ts';
import { consoleRoutes, type PluginData } from './console-routes.ts';
import { faultRoutes } from './fault-routes.ts';
import { guard } from './guard.ts';
import { keyRoutes } from './key-routes.ts';
import { ApiProblem, sendProblem } from './problem.ts';
import { routes } from './routes.ts';
import { Sessions } from './sessions.ts';
import { traceRoutes } from './trace-routes.ts';
import { zipkinRoutes } from './zipkin-routes.ts';

const BODY_BYTES_MAX = 64 * 1024;
/** The port in the environment `local`; elsewhere, and when it is taken, a free one. */
export const API_PORT = 8090;

/** The platform's HTTP API on the loopback, for the command line and the console. */
export async function openApi(
  platform: Platform,
  operations: Operations,
  stop: () => void,
  data: PluginData = async () => undefined,
): Promise<FastifyInstance> {
  const { environment, events } = platform;
  const token = randomBytes(24).toString('base64url');
  const port = await choosePort(platform);
  const api = Fastify({ bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
  api.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
  api.setErrorHandler(sendProblem);
  const sessions = new Sessions(environment.path('console-sessions'));
  // Cookies are shared by all ports of a host, and so by all environments.
  const cookie = `${system.name}-${environment.name}`;
  guard(api, {
    token,
    sessions,
    cookie,
    hosts: () => [`127.0.0.1:${port}`, `localhost:${port}`],
    record: (...event) => events.record(...event),
  });
  api.setNotFoundHandler(() => {
    throw new ApiProblem(404, 'unknown', 'There is no such resource.', 'GET /openapi.json');
  });
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Fieldguide platform',
        version: '1',
        description: `On the loopback only; the token is in ${tokenFileOf(environment)}.`,
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await api.register(routes(platform, operations, stop));
  await api.register(consoleRoutes(platform, { sessions, cookie, data }));
  const pages = webFolderOf(environment, 'platform');
  if (pages) await api.register(consolePages(pages));
  await api.register(traceRoutes(platform.traces));
  await api.register(zipkinRoutes(platform.traces));
  await api.register(faultRoutes(platform));
  await api.register(keyRoutes(platform));
  api.get('/openapi.json', { schema: { hide: true } }, async () => api.swagger());
  await api.listen({ port, host: '127.0.0.1' });
  writeFileSafely(tokenFileOf(environment), token, 0o600);
  platform.apiUrl = `http://127.0.0.1:${port}`;
  platform.remember();
  return api;
}

async function choosePort({ environment, events }: Platform): Promise<number> {
  const isLocal = environment.name === 'local';
  if (isLocal && (await isFree(API_PORT))) return API_PORT;
  const { api } = await environment.ports(['api']);
  if (isLocal)
    events.warn(`! Port ${API_PORT} is taken by another program; the API uses ${api} instead`);
  return api;
}
