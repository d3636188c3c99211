import 'reflect-metadata';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { TestKeys } from '@fieldguide/auth/testing';
import { routes } from '@fieldguide/contracts/gateway/routes';
import { FixedRegistry, ServiceRegistry } from '@fieldguide/discovery';
import { openForTest } from '@fieldguide/service/testing';
import { metrics } from '@fieldguide/telemetry';
import { GatewayModule } from '../gateway.module.ts';
import { OnProductChanged } from '../on-product-changed/on-product-changed.ts';

export interface RunningGateway {
  readonly port: number;
  readonly keys: TestKeys;
  /** As an event of catalog does. */
  productChanged(productId: string): void;
  close(): Promise<void>;
}

/** The real gateway on a port of its own; every service it knows is the servers on `ports`, of the versions v1, v2, … */
export async function runGateway(
  ports: number | readonly number[],
  env: Readonly<Record<string, string>> = {},
  listenPort = 0,
): Promise<RunningGateway> {
  const instances = [...new Set(routes.map(({ to }) => to))].flatMap((service) =>
    [ports].flat().map((port, index) => ({
      id: `${service}-${index + 1}`,
      service,
      address: '127.0.0.1',
      port,
      version: `v${index + 1}`,
    })),
  );
  const keys = new TestKeys('test/test');
  const registry = new FixedRegistry(instances, () => env.TRAFFIC_WEIGHTS ?? '');
  const replaced = [[ServiceRegistry, registry]] as const;
  const app = await openForTest(GatewayModule, { env, keys, replaced });
  await app.listen({ port: listenPort, host: '127.0.0.1' });
  const { port } = app.getHttpServer().address() as AddressInfo;
  const productChanged = (productId: string) =>
    app.get(OnProductChanged).handle({ data: { productId } } as never);
  return { port, keys, productChanged, close: () => app.close() };
}

/** 0 closed, 1 half open, 2 open. */
export async function breakerOf(service: string): Promise<number | undefined> {
  const { values } = await metrics.breakerState.get();
  return values.find(({ labels }) => labels.breaker === service)?.value;
}

/** How many calls to a service have ended, in whatever way. */
export async function callsOf(service: string): Promise<number> {
  const { values } = await metrics.httpClientSeconds.get();
  const its = values.filter(
    ({ metricName, labels }) =>
      metricName?.endsWith('_count') && labels.server_service_name === service,
  );
  return its.reduce((sum, { value }) => sum + value, 0);
}

export interface Upstream {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a service with this request handler. */
export function upstream(listener: RequestListener): Promise<Upstream> {
  return listening(createServer(listener));
}

/** The same without HTTP: for what no HTTP server would send. */
export function rawUpstream(onConnection: (socket: Socket) => void): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  return listening(server, () => {
    for (const socket of sockets) socket.destroy();
  });
}

async function listening(
  server: Server | ReturnType<typeof createTcpServer>,
  onClose?: () => void,
): Promise<Upstream> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      onClose?.();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends bytes as they are; resolves with all that came back when the connection ends, or `until` has come. */
export function talk(port: number, bytes: string, until?: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
      if (until?.test(text)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}
