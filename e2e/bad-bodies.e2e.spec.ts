import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { newCustomer, operatorToken, orderOf, place, product, send } from './shop.ts';

// What CI tries; `npm run verify` does it for 30 s.
const SECONDS = Number(process.env['FIELDGUIDE_BAD_BODIES_SECONDS'] ?? 8);
const BAD_PER_SECOND = 50;
const ORDERS = Math.ceil((SECONDS * 100) / 30);
const SIGN_INS = Math.ceil((SECONDS * 10) / 30);

const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;
const json = 'Content-Type: application/json';
const chunked = `${json}\r\nTransfer-Encoding: chunked`;
const badChunk = `${chunk(10)}zz\r\n`;
const tooMuch = 'x'.repeat(3_000_000);
/** What is wrong, in headers and body; eleven of them, so that every path gets each. */
const faults: readonly (readonly [headers: string, body: string])[] = [
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

/** Sends something bad, and hangs up on what is not finished. Resolves with the status, if there was one. */
function sendBad(n: number, token: string): Promise<string | undefined> {
  const { hostname, port } = new URL(inject('shop').gatewayUrl);
  // All come from one address here, and bad sign-ins are limited like good ones: a few of them only.
  const path = n % 10 === 0 ? '/auth/tokens' : '/orders';
  const [headers, body] = faults[n % faults.length]!;
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

/** Does it evenly over the whole time, and however long each takes. */
const evenly = <Result>(times: number, work: (n: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(
    Array.from({ length: times }, async (_, n) => {
      await sleep((n * SECONDS * 1_000) / times);
      return work(n);
    }),
  );

it(`${BAD_PER_SECOND} bad bodies a second of one customer for ${SECONDS} s: another's ${ORDERS} orders and ${SIGN_INS} sign-ins succeed`, async () => {
  const [bad, good] = [await newCustomer(), await newCustomer()];
  const account = { grantType: 'password', email: good.email, password: 'correct horse' };
  const order = orderOf('tok_ok', product.plenty);
  const [statuses, orders, signIns] = await Promise.all([
    evenly(SECONDS * BAD_PER_SECOND, (n) => sendBad(n, bad.token)),
    evenly(ORDERS, async (n) => (await place(good.token, `beside-bad-${n}`, order)).status),
    evenly(SIGN_INS, async () => (await send('POST', '/auth/tokens', { body: account })).status),
  ]);
  expect(orders).toEqual(Array.from({ length: ORDERS }, () => 201));
  expect(signIns).toEqual(Array.from({ length: SIGN_INS }, () => 200));
  const refused = [...new Set(statuses)].filter((each) => each !== undefined);
  expect(refused.sort()).toEqual(['400', '413', '415']);
  const { body: metrics } = await send('GET', '/metrics', { token: await operatorToken() });
  const breakers = (metrics as string).match(/^\w*breaker\w*\{.*\} \d$/gm) ?? [];
  expect(breakers).not.toEqual([]);
  for (const breaker of breakers) expect(breaker).toMatch(/ 0$/);
}, 180_000);
