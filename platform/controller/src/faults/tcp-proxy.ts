import { STATUS_CODES } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Disturbance, outcomeOf } from './disturbance.ts';
import { Lane } from './lane.ts';

const CONNECTIONS_MAX = 1_000;
const LISTEN_AGAIN_MS = 250;
const RESPONSE_READ_MS = 5_000;
const REQUESTS_END_MS = 15_000;
const ACCEPTING_TURNS = 3;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Changes the bytes of one connection; for protocols whose messages contain addresses. */
export interface Translation {
  readonly toUpstream: (chunk: Buffer) => Buffer;
  readonly toClient: (chunk: Buffer) => Buffer;
}

export interface TcpProxySettings {
  /** Read for each connection: a restarted service may have another port. */
  readonly upstream: () => Address;
  /** Applied to every exchange; may change at any time, followed by `refresh`. */
  readonly disturbances: ReadonlySet<Disturbance>;
  readonly translation?: (() => Translation) | undefined;
  /** Whether an exchange that begins with these bytes is never disturbed. */
  readonly isExempt?: ((firstBytes: Buffer) => boolean) | undefined;
  readonly random?: () => number;
}

/**
 * Forwards TCP connections and disturbs them. An exchange begins with the first bytes that the client sends after the
 * upstream has sent any: for HTTP, PostgreSQL and Kafka that is a request, or several in a pipeline.
 */
export class TcpProxy {
  readonly #settings: TcpProxySettings;
  readonly #sockets = new Set<Socket>();
  /** Clients that the proxy responds to, without the upstream. */
  readonly #responding = new WeakSet<Socket>();
  #server: Server | undefined;
  #address: (Address & { readonly reusePort?: boolean }) | undefined;
  #isClosed = false;

  constructor(settings: TcpProxySettings) {
    this.#settings = settings;
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** @param address port 0 selects a free one, which is kept */
  async listen(address: Address & { readonly reusePort?: boolean }): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
      this.#accept(client),
    );
    server.maxConnections = CONNECTIONS_MAX;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, resolve);
    });
    server.on('error', () => undefined); // out of file descriptors: the connection fails, the proxy stays
    const { port } = server.address() as { port: number };
    this.#server = server;
    this.#address = { ...address, port };
    if (this.#isClosed) server.close();
    return port;
  }

  /** Opens or closes the port, as the disturbances demand. */
  refresh(): void {
    const isRefusing = [...this.#settings.disturbances].some(({ kind }) => kind === 'refuse');
    if (isRefusing) {
      this.#server?.close();
      this.#server = undefined;
      this.#destroyAll();
    } else if (!this.#server && this.#address && !this.#isClosed) this.#listenAgain(this.#address);
  }

  /** Accepts no more connections. Open ones may finish their requests. */
  async retire(): Promise<void> {
    // Closing resets connections that are not accepted yet.
    for (let turn = 0; turn < ACCEPTING_TURNS; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    this.#isClosed = true;
    this.#server?.close();
    setTimeout(() => this.#destroyAll(), REQUESTS_END_MS).unref();
  }

  close(): void {
    this.#isClosed = true;
    this.#server?.close();
    this.#destroyAll();
  }

  #listenAgain(address: Address): void {
    this.#address = undefined; // one attempt at a time
    this.listen(address).then(
      () => this.refresh(),
      () => {
        this.#address = address;
        setTimeout(() => this.refresh(), LISTEN_AGAIN_MS).unref();
      },
    );
  }

  #accept(client: Socket): void {
    const { upstream: addressOf, translation, random = Math.random } = this.#settings;
    const { disturbances, isExempt } = this.#settings;
    const upstream = connect({ ...addressOf(), allowHalfOpen: true, noDelay: true });
    this.#track(client, upstream);
    const [out, back] = [new Lane(client, upstream), new Lane(upstream, client)];
    const translate = translation?.();
    let isAnswered = true;
    let delayMs = 0;

    client.on('data', (chunk: Buffer) => {
      if (isAnswered) {
        isAnswered = false;
        const outcome = isExempt?.(chunk)
          ? ({ kind: 'pass', delayMs: 0 } as const)
          : outcomeOf(disturbances, random);
        if (outcome.kind === 'reset') return reset(client, upstream);
        if (outcome.kind === 'respond') {
          this.#responding.add(client);
          return respond(client, upstream, outcome.status);
        }
        delayMs = outcome.delayMs;
      }
      guarded(client, upstream, () => out.send(translate?.toUpstream(chunk) ?? chunk, delayMs));
    });
    client.on('end', () => out.send(undefined, delayMs));
    upstream.on('data', (chunk: Buffer) => {
      isAnswered = true;
      guarded(client, upstream, () => back.send(translate?.toClient(chunk) ?? chunk));
    });
    upstream.on('end', () => back.send(undefined));
  }

  /** An error on one side ends the other side too; a half-closed connection stays open. */
  #track(client: Socket, upstream: Socket): void {
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined); // `close` follows
      socket.once('close', (hadError) => {
        this.#sockets.delete(socket);
        if (this.#responding.has(other)) return;
        if (hadError) other.resetAndDestroy();
        else if (!socket.readableEnded) other.destroy();
      });
    }
  }

  #destroyAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

function reset(client: Socket, upstream: Socket): void {
  client.resetAndDestroy();
  upstream.destroy();
}

/** Responds, and discards what the client still sends, so that it reads the response before the connection closes. */
function respond(client: Socket, upstream: Socket, status: number): void {
  const title = STATUS_CODES[status] ?? 'Error';
  const body = JSON.stringify({ type: 'about:blank', title, status, detail: 'An injected fault' });
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  client.removeAllListeners('data').removeAllListeners('end').resume();
  upstream.removeAllListeners('data').removeAllListeners('end');
  upstream.destroy();
  client.setTimeout(RESPONSE_READ_MS, () => client.destroy());
  client.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** A connection whose bytes cannot be translated ends: passed on unchanged, it would bypass the proxy. */
function guarded(client: Socket, upstream: Socket, forward: () => void): void {
  try {
    forward();
  } catch {
    reset(client, upstream);
  }
}
