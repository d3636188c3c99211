import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InstanceStatus } from '@fieldguide/platform-controller/status';

/** How long a request body takes to arrive: each client has a request in hand almost always. */
const HOLD_MS = 2_000;
const POLL_MS = 50;
const BODY = '{"units":1}';

/** The state of an instance as its port shows it. */
const stateOf = ({ url }: InstanceStatus) =>
  fetch(`${url}/health/ready`).then(
    ({ ok }) => (ok ? 'ready' : 'stopping'),
    () => 'closed' as const,
  );

/** Clients that send slowly, directly to an instance: the gateway would repeat what fails. */
export class SlowClients {
  readonly #instance: InstanceStatus;
  readonly #released = Promise.withResolvers<void>();
  #state: Awaited<ReturnType<typeof stateOf>> = 'ready';
  inHand = 0;
  answered = 0;
  lost = 0;

  constructor(instance: InstanceStatus) {
    this.#instance = instance;
  }

  /** Waits until the port is closed. */
  async watch(): Promise<void> {
    for (; this.#state !== 'closed'; await sleep(POLL_MS))
      this.#state = await stateOf(this.#instance);
  }

  /** Lets the requests in hand arrive completely. */
  release = (): void => this.#released.resolve();

  /** Sends as this many clients, one after the other in each, until the port is closed. */
  async send(clients: number): Promise<void> {
    const numbers = [...Array(clients).keys()];
    await Promise.all(numbers.map((number) => this.#client((number * HOLD_MS) / clients)));
  }

  async #client(pauseMs: number): Promise<void> {
    await sleep(pauseMs);
    while (this.#state !== 'closed') {
      if (this.#state === 'ready') await this.#sendOne();
      else await sleep(POLL_MS);
    }
  }

  async #sendOne(): Promise<void> {
    const headers = { 'content-type': 'application/json', 'content-length': BODY.length };
    const url = `${this.#instance.url}/stock/${crypto.randomUUID()}/replenishments`;
    const sending = request(url, { method: 'POST', agent: false, headers });
    const outcome = outcomeOf(sending);
    sending.write(BODY.slice(0, 1));
    this.inHand += 1;
    await Promise.race([outcome, this.#held()]);
    sending.end(BODY.slice(1));
    const result = await outcome;
    this.inHand -= 1;
    if (result === 'refused') await sleep(POLL_MS);
    else this[result] += 1;
  }

  /** Once the instance stops, a request stays in hand until it is released. */
  async #held(): Promise<void> {
    await sleep(HOLD_MS);
    while (this.#state === 'stopping') await sleep(POLL_MS);
    if (this.#state === 'closed') await this.#released.promise;
  }
}

/** A connection that is refused was never in hand. */
async function outcomeOf(sending: ClientRequest): Promise<'answered' | 'lost' | 'refused'> {
  try {
    const [response] = (await once(sending, 'response')) as [IncomingMessage];
    response.resume();
    return 'answered';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'refused' : 'lost';
  }
}
