import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import type { Product } from '@fieldguide/contracts/catalog';
import type { Order, Timeline } from '@fieldguide/contracts/ordering';
import type { Operation } from '@fieldguide/contracts/payment-provider';
import type { OperatorClient } from '@fieldguide/platform-cli/client/operator-client';
import type { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import type { AppStatus } from '@fieldguide/platform-controller/status';
import type { TourReport } from './tour-report.ts';
import type { Visitor } from './visitor.ts';

const FINAL = ['OrderCompleted', 'OrderRejected', 'OrderCancelled'];
const visitorsAccount = {
  email: 'demo@fieldguide.test',
  password: 'only for the tour',
  name: 'Demo',
};
const shipTo = {
  name: 'Demo',
  street: '1 Trail End',
  city: 'Bern',
  postalCode: '3000',
  country: 'CH',
};
// No other example uses this product, so only the tour changes its stock.
const PRODUCT = '01900000-0000-7000-8000-000000000037';
const QUANTITY = 2;
const COMPENSATED_WITHIN_MS = 10_000;
const ENDS_WITHIN_MS = 30_000;

type Stock = { onHandUnits: number; freeUnits: number };

/** Plays ten scenes. Each checks its results, and the last one restores the stock and erases the account. */
export class Tour {
  readonly #platform: PlatformClient;
  readonly #operator: OperatorClient;
  readonly #visitor: Visitor;
  readonly #report: TourReport;
  readonly #isLocal: boolean;
  readonly #printed = new Set<string>();
  readonly #run = Date.now().toString(36);
  #orders = 0;
  #unitsSold = 0;

  constructor(
    platform: PlatformClient,
    operator: OperatorClient,
    visitor: Visitor,
    report: TourReport,
    isLocal: boolean,
  ) {
    this.#report = report;
    this.#isLocal = isLocal;
    this.#platform = platform;
    this.#operator = operator;
    this.#visitor = visitor;
  }

  async play(): Promise<void> {
    await this.#report.scene('Sign in and look around', () => this.#lookAround());
    let firstId = '';
    await this.#report.scene('An order, from the request to the carrier', async () => {
      firstId = await this.#sale('tok_ok');
    });
    await this.#report.scene('The same order repeated, and another order with its key', () =>
      this.#repeat(),
    );
    await this.#report.scene('A declined payment', () => this.#declined());
    await this.#report.scene('A provider that never responds', () => this.#timedOut());
    await this.#report.scene('A provider that fails twice', async () => {
      await this.#sale('tok_flaky');
    });
    await this.#report.scene('A cancellation in time', () => this.#cancelledInTime());
    await this.#report.scene('A cancellation too late', () => this.#cancelledTooLate());
    await this.#report.scene('An instance of ordering is killed during an order', () =>
      this.#instanceKilled(),
    );
    await this.#report.scene('The stock is restored', () => this.#restore());
    console.log(`\nShow how the first order was processed: npx fieldguide explain ${firstId}`);
  }

  async #lookAround(): Promise<void> {
    const { email, password, name } = visitorsAccount;
    const registered = await this.#visitor.send('POST', '/auth/registrations', {
      body: { email, password, name },
    });
    // 409: an earlier tour was interrupted.
    this.#report.check('the account exists', registered.status, /^(201|409)$/);
    this.#report.check('signed in', (await this.#visitor.signIn(email, password)).status, 200);
    const path = '/products?category=kitchen&limit=20';
    const { body } = await this.#visitor.send<{ items: Product[] }>('GET', path);
    for (const { name: what, price } of body.items)
      this.#report.event('·', `${what.padEnd(18)} ${money(price).padStart(12)}`);
    this.#report.check(
      'the product is on offer',
      body.items.some(({ id, retired }) => id === PRODUCT && !retired),
      true,
    );
    this.#report.check(
      'the product is in stock',
      (await this.#stock()).freeUnits >= 10 * QUANTITY,
      true,
    );
  }

  /** Places an order and waits for its completion; the captures must equal its total, and the stock must decrease. */
  async #sale(token: string): Promise<string> {
    const before = await this.#stock();
    const order = await this.#place(token);
    await this.#follow(order.id, ['OrderCompleted']);
    await this.#expectSold(order, before);
    return order.id;
  }

  async #repeat(): Promise<void> {
    const key = this.#key();
    const body = orderRequest('tok_ok', QUANTITY);
    const send = () => this.#visitor.send<Order>('POST', '/orders', { body, key });
    const before = await this.#stock();
    const responses = await Promise.all([send(), send(), send()]);
    this.#report.check(
      'three concurrent requests return 201',
      responses.map(({ status }) => status),
      [201, 201, 201],
    );
    const order = responses[0]!.body;
    this.#report.check(
      'they created one order',
      new Set(responses.map((each) => each.body.id)).size,
      1,
    );
    const other = await this.#visitor.send<{ type: string }>('POST', '/orders', {
      body: orderRequest('tok_ok', QUANTITY + 1),
      key,
    });
    this.#report.check(
      `another order with the same key: 422 ${code(other.body)}`,
      other.status,
      422,
    );
    await this.#follow(order.id, ['OrderCompleted']);
    await this.#expectSold(order, before);
  }

  async #declined(): Promise<void> {
    const before = await this.#stock();
    const order = await this.#place('tok_declined');
    await this.#follow(order.id, FINAL);
    await this.#expectEnd(order.id, { status: 'rejected', statusReason: 'paymentDeclined' });
    await this.#follow(order.id, ['StockReleased'], COMPENSATED_WITHIN_MS);
    await this.#expectCompensated(order.id, before);
  }

  async #timedOut(): Promise<void> {
    const before = await this.#stock();
    const order = await this.#place('tok_timeout');
    await this.#follow(order.id, ['StockReserved']);
    await this.#expectEnd(order.id, { status: 'awaitingPayment' });
    if (this.#isLocal) {
      await this.#operator.call('ordering', 'POST', `/checkouts/${order.id}/deadline`);
      this.#report.event('»', 'the deadline is moved to now (only in local)');
    } else this.#report.event('…', 'waiting for the deadline');
    await this.#follow(order.id, FINAL, 60_000);
    await this.#expectEnd(order.id, { status: 'rejected', statusReason: 'paymentTimeout' });
    await this.#follow(order.id, ['PaymentVoided'], COMPENSATED_WITHIN_MS);
    await this.#expectCompensated(order.id, before);
  }

  async #cancelledInTime(): Promise<void> {
    const before = await this.#stock();
    const order = await this.#place('tok_ok');
    await this.#follow(order.id, ['OrderConfirmed']);
    const { status, body } = await this.#cancel(order.id);
    this.#report.check(`cancelled before dispatch: 202 ${body.status}`, status, 202);
    await this.#follow(order.id, FINAL);
    await this.#expectEnd(order.id, { status: 'cancelled' });
    await this.#follow(order.id, ['PaymentVoided'], COMPENSATED_WITHIN_MS);
    await this.#expectCompensated(order.id, before);
  }

  async #cancelledTooLate(): Promise<void> {
    const before = await this.#stock();
    const order = await this.#place('tok_ok');
    await this.#follow(order.id, ['ShipmentDispatched']);
    const { status, body } = await this.#cancel(order.id);
    this.#report.check(`cancelled after dispatch: 409 ${code(body)}`, status, 409);
    await this.#follow(order.id, FINAL);
    await this.#expectSold(order, before);
  }

  async #instanceKilled(): Promise<void> {
    const before = await this.#stock();
    const order = await this.#place('tok_ok');
    const pids = async () => {
      const apps = await this.#platform.call<AppStatus[]>('GET', '/apps');
      return apps.find(({ app }) => app === 'ordering')!.instances.map(({ pid }) => pid);
    };
    const earlier = await pids();
    const path = '/apps/ordering/instances/1/signals';
    await this.#platform.call('POST', path, { signal: 'SIGKILL' });
    this.#report.event('†', 'SIGKILL for ordering/1, while the order is in progress');
    await this.#follow(order.id, ['OrderCompleted']);
    await this.#expectSold(order, before);
    const isBack = async () => {
      const now = await pids();
      return now.length === earlier.length && now.some((pid) => !earlier.includes(pid));
    };
    this.#report.check('a new instance replaces it', await eventually(isBack), true);
  }

  async #restore(): Promise<void> {
    const { onHandUnits } = await this.#stock();
    const path = `/stock/${PRODUCT}/replenishments`;
    if (this.#unitsSold > 0)
      await this.#operator.call('gateway', 'POST', path, {
        body: { units: this.#unitsSold },
        key: this.#key(),
      });
    const after = (await this.#stock()).onHandUnits;
    this.#report.check(
      `${this.#unitsSold} units are back in stock`,
      after,
      onHandUnits + this.#unitsSold,
    );
    this.#report.event('·', 'the orders remain');
    const erased = await this.#visitor.send('DELETE', '/accounts/me');
    this.#report.check('the account and its personal data are erased', erased.status, 202);
    const { email, password } = visitorsAccount;
    this.#report.check(
      'signing in to it returns 401',
      (await this.#visitor.signIn(email, password)).status,
      401,
    );
  }

  async #place(token: string): Promise<Order> {
    const { status, body } = await this.#visitor.send<Order>('POST', '/orders', {
      body: orderRequest(token, QUANTITY),
      key: this.#key(),
    });
    const total = status === 201 ? ` for ${money(body.total)}` : '';
    this.#report.check(`${token}: order placed${total}`, status, 201);
    return body;
  }

  #cancel(id: string) {
    const path = `/orders/${id}/cancellation`;
    return this.#visitor.send<{ status: string; type: string }>('POST', path);
  }

  /** Prints each new event of an order as it happens. */
  async #follow(
    id: string,
    untilTypes: readonly string[],
    limitMs = ENDS_WITHIN_MS,
  ): Promise<void> {
    for await (const { source, type, summary } of this.#visitor.events(id, untilTypes, limitMs)) {
      const key = `${id} ${type}`;
      if (this.#printed.has(key)) continue;
      this.#printed.add(key);
      this.#report.event(
        '→',
        `${source.padEnd(9)} ${type.padEnd(21)} ${styleText('dim', summary)}`,
      );
    }
  }

  async #expectEnd(id: string, expected: Partial<Order>): Promise<void> {
    const { body } = await this.#visitor.order(id);
    const { status, statusReason } = expected;
    this.#report.check(
      `the order is ${status}${statusReason ? `: ${statusReason}` : ''}`,
      body,
      expected,
    );
  }

  async #expectSold(order: Order, before: Stock): Promise<void> {
    this.#unitsSold += QUANTITY;
    await this.#expectEnd(order.id, { status: 'completed' });
    const captured = (await this.#operations(order.id)).filter(({ kind }) => kind === 'capture');
    this.#report.check(
      `the provider has captured ${money(order.total)}, once`,
      captured.map(({ amount }) => amount),
      [order.total],
    );
    const left = {
      onHandUnits: before.onHandUnits - QUANTITY,
      freeUnits: before.freeUnits - QUANTITY,
    };
    await this.#expectStock(`${QUANTITY} units have left the stock`, left);
  }

  async #expectCompensated(id: string, before: Stock): Promise<void> {
    const captured = (await this.#operations(id)).filter(({ kind }) => kind === 'capture');
    this.#report.check('the provider has captured nothing', captured, []);
    await this.#expectStock('the stock is unchanged', before);
  }

  /** Waits for the stock, which is updated asynchronously by messages. */
  async #expectStock(text: string, expected: Stock): Promise<void> {
    await eventually(async () => (await this.#stock()).onHandUnits === expected.onHandUnits);
    this.#report.check(text, await this.#stock(), expected);
  }

  async #operations(id: string): Promise<Operation[]> {
    const { body } = await this.#visitor.send<Timeline>('GET', `/orders/${id}/timeline`);
    const paymentIds = new Set(
      body.items.flatMap(({ data }) => (data['paymentId'] as string) ?? []),
    );
    const pages = [...paymentIds].map((paymentId) =>
      this.#operator.call<{ operations: Operation[] }>(
        'payment-provider',
        'GET',
        `/ledger?paymentId=${paymentId}`,
      ),
    );
    return (await Promise.all(pages)).flatMap(({ operations }) => operations);
  }

  async #stock(): Promise<Stock> {
    const { body } = await this.#visitor.send<Stock>('GET', `/stock/${PRODUCT}`);
    return { onHandUnits: body.onHandUnits, freeUnits: body.freeUnits };
  }

  #key(): string {
    this.#orders += 1;
    return `demo-${this.#run}-${this.#orders}`;
  }
}

function orderRequest(token: string, quantity: number): object {
  return { lines: [{ productId: PRODUCT, quantity }], payment: { token }, shipTo };
}

/** Returns the code of an error response: `ordering.alreadyDispatched`. */
function code({ type }: { type: string }): string {
  return type.replace(/^.*\//, '');
}

function money({ amountMinor, currency }: { amountMinor: number; currency: string }): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(amountMinor / 100);
}

async function eventually(condition: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + COMPENSATED_WITHIN_MS;
  while (!(await condition())) {
    if (performance.now() > end) return false;
    await sleep(50);
  }
  return true;
}
