import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import { brokerSettings } from '../broker-url.ts';

const PRODUCE = 0;

/**
 * A TCP proxy in front of a Kafka broker that detects the start of requests and responses. A broker sends clients
 * its own address, so a client connects to the proxy by `socketFactory`.
 */
export class KafkaProxy {
  /** Produce requests that were forwarded to the broker. */
  produceRequests = 0;
  /** Connections that were accepted. */
  connections = 0;
  readonly #broker: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #losesNextAnswer = false;
  #isHolding = false;
  #held: (() => void)[] = [];

  /** @param url `kafka://host:port` of the broker */
  constructor(url: string) {
    const [host, port] = brokerSettings(url).brokers.toString().split(':');
    this.#broker = { host: host!, port: Number(port) };
  }

  /** Accepts connections, again on the same port after `refuse`. */
  async accept(): Promise<this> {
    const server = createServer((client) => this.#forward(client));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as { port: number }).port;
    this.#server = server;
    return this;
  }

  /** Cuts all connections and refuses new ones. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.cut();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  cut(): void {
    for (const each of this.#sockets) each.destroy();
  }

  /** The broker handles the next produce request; its response is lost, the connection is cut and new ones are refused. */
  loseNextAnswer(): void {
    this.#losesNextAnswer = true;
  }

  /** Whether the response has been lost. */
  get hasLostAnswer(): boolean {
    return !this.#losesNextAnswer && this.#server === undefined;
  }

  /** Buffers data of clients until `release`. */
  hold(): void {
    this.#isHolding = true;
  }

  release(): void {
    this.#isHolding = false;
    for (const send of this.#held.splice(0)) send();
  }

  get socketFactory(): ISocketFactory {
    return ({ onConnect }) => connect({ host: '127.0.0.1', port: this.#port }, onConnect);
  }

  #forward(client: Socket): void {
    this.connections += 1;
    const broker = connect(this.#broker);
    const produces = new Set<number>();
    const toBroker = frames((frame) => {
      const send = () => {
        if (broker.destroyed) return;
        if (frame.readInt16BE(4) === PRODUCE) {
          produces.add(frame.readInt32BE(8));
          this.produceRequests += 1;
        }
        broker.write(frame);
      };
      if (this.#isHolding) this.#held.push(send);
      else send();
    });
    const toClient = frames((frame) => {
      const isLost = this.#losesNextAnswer && produces.has(frame.readInt32BE(4));
      if (!isLost) return void client.write(frame);
      this.#losesNextAnswer = false;
      void this.refuse();
    });
    client.on('data', toBroker);
    broker.on('data', toClient);
    for (const [from, to] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}

/** Calls back with each complete request or response: four bytes of length, then the rest. */
function frames(each: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      each(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}
