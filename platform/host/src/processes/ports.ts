import { createServer, type Server } from 'node:net';
import { CliError } from '../cli-error.ts';

// Below the range from which systems take the ports of outgoing connections (32768 and up on Linux, 49152 elsewhere):
// there, a connection to Kafka could take a port that we are about to listen on.
const [FIRST, LAST] = [20_000, 32_000];
const reserved = new Set<number>();

/** Ports that nobody uses at this moment, and that were not given out before by this process. */
export async function freePorts(count: number, except: readonly number[] = []): Promise<number[]> {
  for (const port of except) reserved.add(port);
  const ports: number[] = [];
  // Two platforms that start at the same time begin to look in different places.
  const start = (process.pid * 64) % (LAST - FIRST);
  for (let step = 0; ports.length < count && step < LAST - FIRST; step++) {
    const port = FIRST + ((start + step) % (LAST - FIRST));
    if (reserved.has(port) || !(await isFree(port))) continue;
    reserved.add(port);
    ports.push(port);
  }
  if (ports.length < count) {
    throw new CliError(
      `There are no ${count} free ports from ${FIRST} to ${LAST}.`,
      'end other programs',
    );
  }
  return ports;
}

/** Whether we could listen on this port of the loopback now. */
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
