import type { Socket } from 'node:net';

/** More waiting bytes pause the sender. */
export const WAITING_BYTES_MAX = 256 * 1024;

/** One direction of a proxied connection: chunks in order, each after its delay, with bounded memory. */
export class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #queue: { readonly chunk: Buffer | undefined; readonly atMs: number }[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isFull = false;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    to.on('drain', () => {
      this.#isFull = false;
      this.#forward();
    });
    to.once('close', () => clearTimeout(this.#timer));
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  /** @param chunk undefined ends this direction, after everything before it */
  send(chunk: Buffer | undefined, delayMs = 0): void {
    this.#queue.push({ chunk, atMs: performance.now() + delayMs });
    this.#bytes += chunk?.length ?? 0;
    if (this.#bytes >= WAITING_BYTES_MAX) this.#from.pause();
    this.#forward();
  }

  #forward(): void {
    clearTimeout(this.#timer);
    for (let next = this.#queue[0]; next && !this.#isFull; next = this.#queue[0]) {
      const waitMs = next.atMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#forward(), waitMs);
        return;
      }
      this.#queue.shift();
      this.#bytes -= next.chunk?.length ?? 0;
      if (this.#bytes < WAITING_BYTES_MAX) this.#from.resume();
      if (this.#to.destroyed) continue;
      if (next.chunk) this.#isFull = !this.#to.write(next.chunk);
      else this.#to.end();
    }
  }
}
