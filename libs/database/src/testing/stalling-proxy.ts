import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy in front of a database that can stop forwarding: connections stay open, without any response. */
export class StallingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isStalled = false;
  /** The database's address, through the proxy. */
  readonly url: string;

  static async open(url: string): Promise<StallingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StallingProxy(url, server);
  }

  private constructor(url: string, server: Server) {
    const through = new URL(url);
    const { hostname, port } = through;
    through.hostname = '127.0.0.1';
    through.port = String((server.address() as AddressInfo).port);
    this.url = through.href;
    this.#server = server;
    server.on('connection', (client) => {
      const upstream = connect(Number(port), hostname);
      this.#pass(client, upstream);
      this.#pass(upstream, client);
    });
  }

  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Forwards new connections again; stalled ones stay stalled, as after a firewall has dropped their state. */
  resume(): void {
    this.#isStalled = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (chunk) => to.write(chunk));
    if (this.#isStalled) from.pause();
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
