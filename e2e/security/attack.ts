import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { connect } from 'node:net';
import { appNames } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, inject, vi } from 'vitest';
import {
  ledger,
  newCustomer,
  operatorToken,
  orderOf,
  place,
  product,
  waitForEnd,
} from '../shop.ts';

/** Tables that change without a request: positions in logs, leases, what was published or handled. */
const VOLATILE_TABLES = /lease|checkpoint|position|inbox|outbox|broadcast|attempt|cursor/;

const clients = new Map<string, pg.Client>();

type Customer = Awaited<ReturnType<typeof newCustomer>>;

/** The customer who is attacked, with one completed order; the one who attacks; the operator. */
export const victim = {} as Customer & { readonly orderId: string };
export const attacker = {} as Customer;
export const operator = {} as { readonly token: string };

/** Columns that workers change: when the prices were last complete, when to sweep an erasure again, and with them the version of the row. */
const VOLATILE_COLUMNS = "ARRAY['caught_up_at', 'sweep_due_at', 'version']";

/** Everything that the services store, as one hash for each table, and the operations of the payment provider. */
async function storedData(): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const [service, client] of clients) {
    const { rows } = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
    );
    const row = `(to_jsonb(stored) - ${VOLATILE_COLUMNS})::text`;
    for (const { name } of rows.filter((each) => !VOLATILE_TABLES.test(each.name))) {
      const table = pg.escapeIdentifier(name);
      const hash = `SELECT md5(coalesce(string_agg(${row}, E'\\n' ORDER BY ${row}), '')) AS hash FROM ${table} stored`;
      all[`${service}.${name}`] = (await client.query<{ hash: string }>(hash)).rows[0]!.hash;
    }
  }
  all['ledger'] = createHash('md5')
    .update(JSON.stringify(await ledger()))
    .digest('hex');
  return all;
}

let before: Record<string, string>;

/** After each case of the file: no stored row was added, changed or deleted. */
export function nothingChanges(): void {
  beforeAll(async () => {
    for (const [service, connectionString] of Object.entries(inject('shop').databases)) {
      const client = new pg.Client({ connectionString });
      await client.connect();
      clients.set(service, client);
    }
    Object.assign(victim, await newCustomer());
    Object.assign(attacker, await newCustomer());
    Object.assign(operator, { token: await operatorToken() });
    const placed = await place(victim.token, 'of-the-victim', orderOf('tok_ok', product.plenty));
    const { id } = await waitForEnd(victim.token, placed.body.id);
    Object.assign(victim, { orderId: id });
    before = await settled();
  });
  afterEach(async () => expect(await storedData()).toEqual(before));
  afterAll(async () => {
    for (const client of clients.values()) await client.end();
    clients.clear();
  });
}

/** What is stored once the orders of earlier specs have ended: twice the same. */
async function settled(): Promise<Record<string, string>> {
  let [last, now] = [await storedData(), await storedData()];
  await vi.waitUntil(
    async () => {
      [last, now] = [now, await storedData()];
      return JSON.stringify(last) === JSON.stringify(now);
    },
    { timeout: 60_000, interval: 1_500 },
  );
  return now;
}

/** Sends these bytes to the gateway and returns what it responds, until it closes or `until` matches. */
export function raw(bytes: string | Buffer, until = /\r\n\r\n.*\}$/s): Promise<string> {
  const { hostname, port } = new URL(inject('shop').gatewayUrl);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () =>
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    );
    socket.setEncoding('latin1').setTimeout(30_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk;
      if (until.test(text)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

/** A GET of the attacked customer's orders with these lines in its head. */
export const get = (path: string, ...lines: string[]) =>
  `GET ${path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

export const statusOf = (response: string) => Number(/^HTTP\/1.1 (\d+)/.exec(response)?.[1]);

export const base64url = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Header and claims of a token. */
export function partsOf(token: string) {
  const [header, claims] = token
    .split('.')
    .slice(0, 2)
    .map((part) => {
      return JSON.parse(Buffer.from(part!, 'base64url').toString()) as Record<string, unknown>;
    });
  return { header: header!, claims: claims! };
}

/** The key that signs the tokens of the system under test: a token is then refused for its content. */
const signingKey = () => {
  const { named } = new Environment('e2e').secrets(appNames);
  return createPrivateKey(named['signingKey']!);
};
export const publicKey = () => createPublicKey(signingKey());

/** Signs as identity does (ES256, in the low-s form); undefined removes a member. */
export function signed(header: object, claims: object | string, key = signingKey()): string {
  const text = `${base64url(header)}.${base64url(claims)}`;
  return `${text}.${lowS(sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })).toString('base64url')}`;
}

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same signature with the smaller, or the larger, of the two values of s. */
export function lowS(signature: Buffer, wantsHigh = false): Buffer {
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  const isHigh = s > ORDER / 2n;
  const other = (ORDER - s).toString(16).padStart(64, '0');
  return isHigh === wantsHigh
    ? signature
    : Buffer.concat([signature.subarray(0, 32), Buffer.from(other, 'hex')]);
}
