import type { Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '@fieldguide/clock';
import type { DependencyState, Log } from '@fieldguide/telemetry';

const TRY_AGAIN_MS = 250;
const QUIET_MS = 0.05;
const QUIET_WITHIN_MS = 500;

/**
 * A port shared by all instances of an app on a machine (SO_REUSEPORT distributes new connections), in addition to
 * the port of each instance. So an app with a fixed address is replaced without closing it. Where the
 * system cannot share a port (macOS, Windows), an instance waits until the previous one releases it.
 */
export class PublicPort {
  readonly #web: HttpServer;
  readonly #address: { readonly host: string; readonly port: number };
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #connections = new Set<Socket>();
  readonly #closing = new AbortController();
  #server: Server | undefined;
  #fault: string | undefined = 'not open yet';

  /** @param web serves the accepted connections */
  constructor(
    web: HttpServer,
    address: { readonly host: string; readonly port: number },
    clock: Clock,
    log: Log,
  ) {
    this.#web = web;
    this.#address = address;
    this.#clock = clock;
    this.#log = log;
  }

  /** For readiness: without the public port the instance works, but receives no external requests. */
  state(): { state: DependencyState; detail?: string } {
    return this.#fault ? { state: 'degraded', detail: this.#fault } : { state: 'ok' };
  }

  /** Resolves after the first attempt; while another program holds the port, retries in the background. */
  async open(): Promise<void> {
    if (await this.#tryToListen()) return;
    this.#log.warn({ ...this.#address }, 'The public port is in use; retrying until it is free');
    void this.#keepTrying();
  }

  /** Accepts no more connections and waits until the open ones are closed: each response sends `connection: close`. */
  async drain(withinMs: number): Promise<void> {
    this.#closing.abort();
    await quietTurn();
    this.#server?.close();
    const end = this.#clock.fromNow(withinMs);
    while (this.#connections.size > 0 && this.#clock.now() < end) await this.#clock.sleep(50);
  }

  async #keepTrying(): Promise<void> {
    while (!this.#closing.signal.aborted && !(await this.#tryToListen()))
      await this.#clock.sleep(TRY_AGAIN_MS, this.#closing.signal).catch(() => undefined);
    if (!this.#fault) this.#log.info({ ...this.#address }, 'The public port is open now');
  }

  async #tryToListen(): Promise<boolean> {
    const fault = (await this.#listen(true)) ?? undefined;
    this.#fault = fault === 'ENOTSUP' || fault === 'EINVAL' ? await this.#listen(false) : fault;
    return this.#fault === undefined;
  }

  #listen(reusePort: boolean): Promise<string | undefined> {
    const server = createServer((socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
      this.#web.emit('connection', socket);
    });
    return new Promise((resolve) => {
      server.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message));
      server.listen({ ...this.#address, reusePort }, () => {
        this.#server = server;
        resolve(undefined);
      });
    });
  }
}

/**
 * Resolves after an almost idle turn of the event loop, when all pending connections have been accepted. Connections
 * in the queue of a closing listener are reset, and a busy turn leaves some there.
 */
async function quietTurn(): Promise<void> {
  const end = performance.now() + QUIET_WITHIN_MS;
  for (;;) {
    const begun = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    if (now - begun < QUIET_MS || now > end) return;
  }
}
