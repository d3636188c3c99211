import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Environment } from '../environment.ts';
import { Fault } from '../fault.ts';
import type { Platform } from './platform.ts';
import { runningPlatform } from './state.ts';
import { type Status, statusOf } from './status.ts';

type Command = 'stop' | 'reset';

/**
 * How the other commands talk to the platform in the foreground: HTTP on the loopback with a token from a file that only
 * this user can read, so that no web page can reach it.
 */
export async function openControl(platform: Platform, onStop: () => void): Promise<Server> {
  const commands: Record<Command, () => Promise<void>> = {
    stop: async () => onStop(),
    reset: () => platform.reset(),
  };
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (!isAllowed(request, platform.controlToken))
      return answer(401, { problem: 'a token is needed' });
    try {
      const path = request.url?.slice(1) ?? '';
      if (request.method === 'GET' && path === 'status')
        return answer(200, await statusOf(platform));
      if (request.method !== 'POST' || !(path in commands))
        return answer(404, { problem: 'no such command' });
      await commands[path as Command]();
      answer(200, { done: path });
    } catch (error) {
      answer(500, { problem: (error as Error).message });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  platform.controlPort = (server.address() as { port: number }).port;
  return server;
}

/** Sends a command to the running platform. @throws Fault when there is none */
export async function tell(environment: Environment, command: Command): Promise<void> {
  await call(environment, 'POST', command);
}

export async function askStatus(environment: Environment): Promise<Status> {
  return (await call(environment, 'GET', 'status')) as Status;
}

async function call(environment: Environment, method: string, path: string): Promise<unknown> {
  const running = runningPlatform(environment);
  if (!running?.controlPort) {
    throw new Fault(
      `Fieldguide does not run in the environment "${environment.name}".`,
      'npm start',
    );
  }
  const answer = await fetch(`http://127.0.0.1:${running.controlPort}/${path}`, {
    method,
    headers: { authorization: `Bearer ${running.controlToken}` },
    signal: AbortSignal.timeout(120_000),
  });
  const body = (await answer.json()) as { problem?: string };
  if (!answer.ok) throw new Fault(body.problem ?? 'The platform refused.', 'npm run logs');
  return body;
}

function isAllowed({ headers }: IncomingMessage, token: string): boolean {
  const given = Buffer.from(headers.authorization?.replace(/^Bearer /, '') ?? '');
  const wanted = Buffer.from(token);
  return (
    given.length === wanted.length && timingSafeEqual(given, wanted) && headers.origin === undefined
  );
}
