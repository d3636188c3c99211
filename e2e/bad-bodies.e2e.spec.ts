import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { newCustomer, operatorToken, orderOf, place, product, send } from './shop.ts';

// The duration in CI; `npm run verify` runs 30 s.
const SECONDS = Number(process.env['FIELDGUIDE_BAD_BODIES_SECONDS'] ?? 8);
const BAD_PER_SECOND = 50;
const ORDERS = Math.ceil((SECONDS * 100) / 30);
const SIGN_INS = Math.ceil((SECONDS * 10) / 30);

const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;
const json = 'Content-Type: application/json';
const chunked = `${json}\r\nTransfer-Encoding: chunked`;
const badChunk = `${chunk(10)}zz\r\n`;
const tooMuch = 'x'.repeat(3_000_000);
/** Invalid headers and bodies; eleven, so that each is sent to every path. */
const badRequests: readonly (readonly [headers: string, body: string])[] = [
  [`${json}\r\nContent-Length: ${tooMuch.length}`, tooMuch],
  [chunked, badChunk],
  [chunked, chunk(50_000) + chunk(50_000) + chunk(900_000)],
  [chunked, 'ffffffffffffffffff\r\n'],
  [`${json}\r\nContent-Length: ${tooMuch.length}`, tooMuch],
  [chunked, badChunk],
  [chunked, chunk(60_000).repeat(10)],
  [chunked, badChunk],
  [`${json}\r\nContent-Length: 2\r\nContent-Length: 3`, '{}'],
  [`${json}\r\nContent-Length: 9`, '{"a":'],
  ['Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3', 'a=b'],
];

/** Sends an invalid request and closes incomplete ones. Resolves with the status, if there is a response. */
function sendBad(n: number, token: string): Promise<string | undefined> {
  const { hostname, port } = new URL(inject('shop').gatewayUrl);
  // All requests share one address, whose sign-ins are rate-limited: send few of them.
  const path = n % 10 === 0 ? '/auth/tokens' : '/orders';
  const [headers, body] = badRequests[n % badRequests.length]!;
  const head = `POST ${path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nIdempotency-Key: bad-body-${n}\r\nAuthorization: Bearer ${token}`;
  return new Promise((resolve) => {
    let status: string | undefined;
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${head}\r\n${headers}\r\n\r\n${body}`);
      if (body.endsWith(':')) setTimeout(() => socket.destroy(), 50);
    });
    socket.setTimeout(20_000, () => socket.destroy());
    socket.on('data', (bytes) => {
      status ??= /^HTTP\/1.1 (\d+)/.exec(bytes.toString('latin1'))?.[1];
      socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(status));
  });
}

/** Starts `work` at even intervals over the whole time, independent of its duration. */
const evenly = <Result>(times: number, work: (n: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(
    Array.from({ length: times }, async (_, n) => {
      await sleep((n * SECONDS * 1_000) / times);
      return work(n);
    }),
  );

it(`serves ${ORDERS} orders and ${SIGN_INS} sign-ins during ${SECONDS} s with ${BAD_PER_SECOND} bad bodies per second of another customer`, async () => {
  const [bad, good] = [await newCustomer(), await newCustomer()];
  const account = { grantType: 'password', email: good.email, password: 'correct horse' };
  const order = orderOf('tok_ok', product.plenty);
  const [statuses, orders, signIns] = await Promise.all([
    evenly(SECONDS * BAD_PER_SECOND, (n) => sendBad(n, bad.token)),
    evenly(ORDERS, async (n) => (await place(good.token, `next-to-bad-${n}`, order)).status),
    evenly(SIGN_INS, async () => (await send('POST', '/auth/tokens', { body: account })).status),
  ]);
  expect(orders).toEqual(Array.from({ length: ORDERS }, () => 201));
  expect(signIns).toEqual(Array.from({ length: SIGN_INS }, () => 200));
  const statusesSeen = [...new Set(statuses)].filter((each) => each !== undefined);
  expect(statusesSeen.sort()).toEqual(['400', '413', '415']);
  const { body: metrics } = await send('GET', '/metrics', { token: await operatorToken() });
  const breakers = (metrics as string).match(/^\w*breaker\w*\{.*\} \d$/gm) ?? [];
  expect(breakers).not.toEqual([]);
  for (const breaker of breakers) expect(breaker).toMatch(/ 0$/);
}, 180_000);
