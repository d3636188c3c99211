// The checkout in one process and one database, with the decisions of the services. A step is one transaction; it ends
// where an outside call begins. Real provider over HTTP; without gateway, tokens, projections, deadlines, traces.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PlaceOrderRequest } from '@fieldguide/contracts/ordering';
import { Operation } from '@fieldguide/contracts/payment-provider';
import {
  applyResult,
  dispatch,
  keyOf,
  type Order,
  type OrderCommand,
  operationOf,
  order,
  type Payment,
  type Reservation,
  type Shipment,
  ship,
  shortages,
  trackingNumberOf,
  unitsOf,
} from '@fieldguide/simulation/decisions';
import pg from 'pg';
import { Agent, request } from 'undici';
import { CLAIM, find, type Lines, type Row } from './tables.ts';

const { DATABASE_URL: connectionString, PROVIDER_URL = '', PROVIDER_API_KEY = '' } = process.env;
const RECOVER_EVERY_MS = 1_000;
const TIMEOUT_MS = 4_000;
const pool = new pg.Pool({ connectionString, max: 10 });
const agent = new Agent({ headersTimeout: TIMEOUT_MS });
const origin = () => ({ source: '/one-process', time: new Date().toISOString() });

/** One order as this process knows it. The version in the database decides which writer is first. */
interface Checkout {
  readonly orderId: string;
  state: Order;
  version: number;
  readonly payment: Payment;
  readonly reservation: Reservation;
  shipment?: Shipment;
}
type Run = (sql: string, ...values: unknown[]) => Promise<pg.QueryResult>;

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', async () => {
    const body = JSON.parse(`${Buffer.concat(chunks)}`);
    const answer = body.lines ? await place(body).catch(String) : { accessToken: 'none' };
    const status = typeof answer === 'string' ? 500 : 201;
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify(typeof answer === 'string' ? { title: answer } : answer));
  });
}).listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit());
setTimeout(recover, RECOVER_EVERY_MS);

/** Prices the lines, reserves their stock and records the payment that is due: what four services do after two messages. */
async function place(body: unknown): Promise<{ id: string }> {
  const { lines, payment, shipTo } = PlaceOrderRequest.parse(body);
  const [orderId, customerId] = [randomUUID(), randomUUID()];
  const checkout = await transaction(async (run): Promise<Checkout> => {
    const units = unitsOf(lines);
    const priced = await pricesOf(lines, run);
    const amountMinor = priced.reduce((sum, each) => sum + each.totalMinor, 0);
    const amount = { amountMinor, currency: 'EUR' };
    const { rows: stock } = await run(find('stock', 'FOR UPDATE'), [...units.keys()]);
    const free = new Map(stock.map((each) => [each.product_id, each.on_hand - each.reserved]));
    const short = shortages(lines, free);
    if (short.length > 0) throw new Error(`out of stock: ${short}`);
    const payments = { orderId, paymentId: randomUUID(), amount, token: payment.token };
    const fresh: Checkout = {
      ...{ orderId, state: order.initial, version: 0 },
      payment: { ...payments, status: 'authorising', attempts: 0, voids: 0 } as Payment,
      reservation: { orderId, status: 'reserved', lines, version: 0 },
    };
    const data = {
      ...{ orderId, customerId, total: amount, paymentToken: payment.token },
      ...{ lines: priced.map(({ line }) => line), pricesAsOf: new Date().toISOString() },
    };
    await run('INSERT INTO orders (order_id) VALUES ($1)', orderId);
    await record(fresh, run, { type: 'PlaceOrder', data }, reserved());
    await move(units, 0, 1, run);
    await save('reservations', fresh.reservation, run);
    await save('payments', fresh.payment, run);
    await save('addresses', { orderId, shipTo }, run);
    return fresh;
  });
  void advance(checkout);
  return { id: orderId };
}
const reserved = () => ({ type: 'RecordStockReserved', data: { origin: origin() } }) as const;

/** What an order does next, by its status. */
const steps: Partial<Record<Order['status'], (checkout: Checkout) => Promise<void>>> = {
  awaitingPayment: async (checkout) => {
    const event = applyResult(checkout.payment, await callProvider(checkout.payment));
    if (event?.type !== 'PaymentAuthorised') throw new Error('only approved payments here');
    const { orderId, paymentId, amount } = checkout.payment;
    const shipment = { orderId, shipmentId: randomUUID(), status: 'waiting' } as Shipment;
    checkout.shipment = shipment;
    const data = { origin: origin(), paymentId, amount };
    await transaction(async (run) => {
      await record(checkout, run, { type: 'RecordPaymentAuthorised', data });
      await save('payments', checkout.payment, run);
      await save('shipments', shipment, run);
    });
  },
  confirmed: async (checkout) => {
    const { payment } = checkout;
    const shipment = checkout.shipment!;
    const at = new Date();
    dispatch(shipment, trackingNumberOf(shipment.shipmentId), at);
    payment.status = 'capturing';
    const { shipmentId, trackingNumber } = shipment;
    const data = { shipmentId, trackingNumber: trackingNumber!, dispatchedAt: at.toISOString() };
    await transaction(async (run) => {
      const command = { origin: origin(), ...data };
      await record(checkout, run, { type: 'RecordShipmentDispatched', data: command });
      await save('shipments', shipment, run);
      await save('payments', payment, run);
    });
  },
  dispatched: async (checkout) => {
    const { payment, reservation } = checkout;
    applyResult(payment, await callProvider(payment));
    const data = { origin: origin(), paymentId: payment.paymentId, amount: payment.amount };
    const shipped = unitsOf(ship(reservation));
    await transaction(async (run) => {
      await record(checkout, run, { type: 'RecordPaymentCaptured', data });
      await save('payments', payment, run);
      await save('reservations', reservation, run);
      await move(shipped, -1, -1, run);
    });
  },
};

/** An order that stops here is claimed again ten seconds after its last step. */
async function advance(checkout: Checkout): Promise<void> {
  try {
    for (let step = steps[checkout.state.status]; step; step = steps[checkout.state.status])
      await step(checkout);
  } catch (error) {
    console.error(`${checkout.orderId}: ${error}`);
  }
}

async function recover(): Promise<void> {
  const { rows } = await pool.query<Row<Checkout>>(CLAIM);
  for (const { order_id: orderId, ...stored } of rows) void advance({ orderId, ...stored });
  setTimeout(recover, RECOVER_EVERY_MS);
}

/** Decides and stores the events with the state. @throws Error when another writer was first */
async function record(checkout: Checkout, run: Run, ...commands: OrderCommand[]): Promise<void> {
  const before = checkout.version;
  const events = commands.flatMap(({ type, data }) => {
    const decided = order.decide[type](data as never, checkout.state);
    for (const each of decided)
      checkout.state = order.evolve[each.type](checkout.state, each.data as never);
    return decided;
  });
  checkout.version += events.length;
  const { rowCount } = await run(
    `UPDATE orders SET state = $2, version = $3, due_at = now() + interval '10 s',
       completed_at = CASE WHEN $4 THEN clock_timestamp() END WHERE order_id = $1 AND version = $5`,
    ...[checkout.orderId, checkout.state, checkout.version],
    ...[checkout.state.status === 'completed', before],
  );
  if (rowCount === 0) throw new Error('another writer was first');
  await run(
    `INSERT INTO order_events (order_id, version, event)
     SELECT $1, $2 + n, event FROM jsonb_array_elements($3) WITH ORDINALITY AS e (event, n)`,
    ...[checkout.orderId, before, JSON.stringify(events)],
  );
}

async function pricesOf(lines: Lines, run: Run) {
  const ids = lines.map(({ productId }) => productId);
  const { rows } = await run(find('products'), ids);
  return lines.map(({ productId, quantity }) => {
    const { name, price_minor: amountMinor } = rows.find((row) => row.product_id === productId)!;
    const unitPrice = { amountMinor, currency: 'EUR' };
    return {
      line: { productId, name, quantity, unitPrice },
      totalMinor: amountMinor * quantity,
    };
  });
}

const save = <Row extends { readonly orderId: string }>(table: string, row: Row, run: Run) =>
  run(
    `INSERT INTO ${table} (order_id, row) VALUES ($1, $2)
     ON CONFLICT (order_id) DO UPDATE SET row = excluded.row`,
    ...[row.orderId, row],
  );

const move = (units: ReadonlyMap<string, number>, onHand: number, reserved: number, run: Run) =>
  run(
    `UPDATE stock SET on_hand = on_hand + $3 * n, reserved = reserved + $4 * n
     FROM unnest($1::uuid[], $2::int[]) AS u (id, n) WHERE product_id = id`,
    ...[[...units.keys()], [...units.values()], onHand, reserved],
  );

async function callProvider(payment: Payment): Promise<Operation['outcome']> {
  const kind = operationOf[payment.status as keyof typeof operationOf];
  const { paymentId, amount, token } = payment;
  const { body } = await request(`${PROVIDER_URL}/operations`, {
    method: 'POST',
    headers: { 'x-api-key': PROVIDER_API_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ key: keyOf(payment), kind, paymentId, amount, token }),
    dispatcher: agent,
  });
  return Operation.parse(await body.json()).outcome;
}

async function transaction<T>(work: (run: Run) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work((sql, ...values) => client.query(sql, values));
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
