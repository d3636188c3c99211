import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

const CUSTOMERS = 12;
const RESPONSE_WITHIN_MS = 15_000;
/** Seeded products with 100,000 units each. */
const products = [1, 6, 11, 16, 21, 26, 31, 36, 41].map(
  (n) => `01900000-0000-7000-8000-0000000000${String(n).padStart(2, '0')}`,
);
const shipTo = { name: 'Bo', street: '2 Side St', city: 'Bern', postalCode: '3000', country: 'CH' };

export interface Placed {
  readonly id: string;
  /** When the request was due: sent in a closed loop, scheduled in an open one. Unix time, ms. */
  readonly clickedAtMs: number;
  readonly placingMs: number;
}
export interface Load {
  readonly placed: readonly Placed[];
  /** Counts by reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly seconds: number;
}
export interface LoadOptions {
  readonly gatewayUrl: string;
  /** Access tokens of the customers who order. */
  readonly tokens: readonly string[];
  readonly seconds: number;
  readonly oneProduct: boolean;
  readonly signal: AbortSignal;
}

/** Places orders with always `inFlight` requests under way. */
export function closedLoop(options: LoadOptions, inFlight: number): Promise<Load> {
  return load(options, inFlight, async (place, isOver) => {
    const one = async () => {
      while (!isOver()) await place(Date.now());
    };
    await Promise.all(Array.from({ length: inFlight }, one));
  });
}

/** Places orders at a fixed rate, whatever the responses take. */
export function openLoop(options: LoadOptions, perSecond: number): Promise<Load> {
  const { seconds, signal } = options;
  return load(options, null, async (place) => {
    const all: Promise<void>[] = [];
    const startMs = Date.now();
    for (let n = 0; n < perSecond * seconds; n++) {
      const dueMs = startMs + (n * 1_000) / perSecond;
      if (dueMs > Date.now()) await sleep(dueMs - Date.now(), undefined, { signal });
      all.push(place(dueMs));
    }
    await Promise.all(all);
  });
}

async function load(
  { gatewayUrl, tokens, seconds, oneProduct, signal }: LoadOptions,
  connections: number | null,
  run: (place: (clickedAtMs: number) => Promise<void>, isOver: () => boolean) => Promise<void>,
): Promise<Load> {
  const agent = agentOf(connections);
  const placed: Placed[] = [];
  const failures: Record<string, number> = {};
  let next = 0;
  const startMs = performance.now();
  const place = async (clickedAtMs: number) => {
    const n = next++;
    const productId = products[oneProduct ? 0 : n % products.length]!;
    const body = {
      lines: [{ productId, quantity: 1 }],
      payment: { token: 'tok_ok' },
      shipTo,
    };
    try {
      const order = await post(agent, `${gatewayUrl}/orders`, body, {
        authorization: `Bearer ${tokens[n % tokens.length]}`,
        'idempotency-key': randomUUID(),
      });
      placed.push({ id: order.id, clickedAtMs, placingMs: Date.now() - clickedAtMs });
    } catch (error) {
      const { message } = error as Error;
      failures[message] = (failures[message] ?? 0) + 1;
      if (message.startsWith('429')) throw new Error(`The rate limit binds: ${message}`);
    }
  };
  try {
    await run(place, () => signal.aborted || performance.now() - startMs > seconds * 1_000);
    signal.throwIfAborted();
    return { placed, failures, seconds: (performance.now() - startMs) / 1_000 };
  } finally {
    await agent.close();
  }
}

/**
 * Registers customers, enough of them that no rate limit binds, one after the other: passwords cost much CPU.
 * @returns their access tokens, valid for five minutes
 */
export async function signIn(gatewayUrl: string): Promise<readonly string[]> {
  const agent = agentOf(1);
  const tokens: string[] = [];
  try {
    while (tokens.length < CUSTOMERS) tokens.push(await signInOne(gatewayUrl, agent));
  } finally {
    await agent.close();
  }
  return tokens;
}

async function signInOne(gatewayUrl: string, agent: Agent): Promise<string> {
  const account = { email: `bench-${randomUUID()}@fieldguide.test`, password: 'correct horse' };
  await post(agent, `${gatewayUrl}/auth/registrations`, { ...account, name: 'Bo' });
  const grant = { grantType: 'password', ...account };
  return (await post(agent, `${gatewayUrl}/auth/tokens`, grant)).accessToken;
}

interface Body {
  readonly id: string;
  readonly accessToken: string;
}

/** With undici's `request`, which costs the load generator less CPU than `fetch`. */
async function post(dispatcher: Agent, url: string, data: object, headers = {}): Promise<Body> {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    dispatcher,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(data),
  });
  const text = await body.text();
  if (statusCode >= 300) throw new Error(`${statusCode} ${titleOf(text)}`);
  return JSON.parse(text) as Body;
}

const agentOf = (connections: number | null) =>
  new Agent({ connections, headersTimeout: RESPONSE_WITHIN_MS, bodyTimeout: RESPONSE_WITHIN_MS });

function titleOf(text: string): string {
  try {
    return (JSON.parse(text) as { title: string }).title;
  } catch {
    return text.slice(0, 80);
  }
}
