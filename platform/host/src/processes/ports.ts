import { createServer, type Server } from 'node:net';
import { CliError } from '../cli-error.ts';

// Below the ephemeral ports (32768 and up on Linux, 49152 elsewhere): an outgoing connection could otherwise take a port
// before the platform listens on it.
const [FIRST, END] = [20_000, 32_000];
/** The first and the last port that the platform chooses. */
export const FREE_PORTS = [FIRST, END - 1] as const;
const reserved = new Set<number>();

/** Returns ports that are free now and that this process has not returned before. @throws CliError when too few are free */
export async function freePorts(count: number, except: readonly number[] = []): Promise<number[]> {
  for (const port of except) reserved.add(port);
  const ports: number[] = [];
  // Platforms that start at the same time search from different ports.
  const start = (process.pid * 64) % (END - FIRST);
  for (let step = 0; ports.length < count && step < END - FIRST; step++) {
    const port = FIRST + ((start + step) % (END - FIRST));
    if (reserved.has(port) || !(await isFree(port))) continue;
    reserved.add(port);
    ports.push(port);
  }
  if (ports.length < count) {
    throw new CliError(
      `Cannot find ${count} free ports between ${FIRST} and ${END - 1}.`,
      'stop other programs that listen on these ports',
    );
  }
  return ports;
}

/** Returns whether this port of the loopback interface is free now. */
export async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server) await close(server);
  return server !== undefined;
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
