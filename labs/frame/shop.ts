import { setTimeout as sleep } from 'node:timers/promises';
import type { Stock } from '@fieldguide/contracts/inventory';
import type { Order } from '@fieldguide/contracts/ordering';
import type { Operation } from '@fieldguide/contracts/payment-provider';
import type { OperatorClient } from '@fieldguide/platform-cli/client/operator-client';
import type { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import type { InstanceStatus, Status } from '@fieldguide/platform-controller/status';
import { appNames } from '@fieldguide/platform-host/apps';
import { callConsul, runningConsul } from '@fieldguide/platform-host/backing-services/call-consul';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Visitor } from '@fieldguide/system/demo/visitor';
import { sumOf } from './metrics.ts';

const AWAITED_MS = 20_000;
const POLL_MS = 100;
const FINAL = ['completed', 'rejected', 'cancelled'];
const account = { email: 'lab@fieldguide.test', password: 'only for the labs', name: 'Lab' };
const shipTo = { name: 'Lab', street: '1 Trail', city: 'Bern', postalCode: '3000', country: 'CH' };

/** A product with plenty of stock, which no other example uses. */
const PRODUCT = '01900000-0000-7000-8000-000000000037';

/** The running system as a check sees it: through the gateway, the ledger, the instances and the platform. */
export class Shop {
  readonly platform: PlatformClient;
  readonly operator: OperatorClient;
  readonly customer: Visitor;
  readonly #gatewayUrl: string;
  readonly #providerUrl: string;
  readonly #run = Date.now().toString(36);
  #orders = 0;
  #lastOrder = 'ID';

  private constructor(platform: PlatformClient, operator: OperatorClient, status: Status) {
    this.platform = platform;
    this.operator = operator;
    this.#gatewayUrl = status.gatewayUrl;
    this.customer = this.visitor();
    this.#providerUrl = status.providerUrl;
  }

  /** Signs in as the labs' customer. */
  static async open(platform: PlatformClient, operator: OperatorClient): Promise<Shop> {
    const status = await platform.call<Status>('GET', '/status');
    const shop = new Shop(platform, operator, status);
    await shop.customer.send('POST', '/auth/registrations', { body: account }); // 409 the second time
    await shop.customer.signIn(account.email, account.password);
    return shop;
  }

  /** Returns another visitor of the shop, who is not signed in. */
  visitor(): Visitor {
    return new Visitor(this.#gatewayUrl);
  }

  /** Fills in the addresses and ids of a text: `GET /stock/ID`, `explain ID`, `payment ledger`. */
  named(text: string): string {
    return text
      .replace('GET /stock/ID', `${this.#gatewayUrl}/stock/${PRODUCT}`)
      .replace('explain ID', `explain ${this.#lastOrder}`)
      .replace('payment ledger', `payment ledger ${this.#providerUrl}/ledger`);
  }

  /** Requests an order. @returns the order, or the problem */
  request({ token = 'tok_ok', quantity = 2, productId = PRODUCT, by = this.customer } = {}) {
    const body = { lines: [{ productId, quantity }], payment: { token }, shipTo };
    const key = `lab-${this.#run}-${++this.#orders}`;
    return by.send<Order & { type?: string; title?: string }>('POST', '/orders', { body, key });
  }

  /** Places an order. @returns its id @throws CliError when it is refused */
  async place(token = 'tok_ok', quantity = 2): Promise<string> {
    const placed = await this.request({ token, quantity });
    if (placed.status === 201) {
      this.#lastOrder = placed.body.id;
      return this.#lastOrder;
    }
    const { title = '' } = placed.body;
    throw new CliError(`POST /orders returned ${placed.status}: ${title}`, 'fieldguide status');
  }

  /** Waits for the end of an order. @returns the order as it is then, or after 20 s */
  async ended(id: string): Promise<Order> {
    const isFinal = ({ status }: Order) => FINAL.includes(status);
    return this.last(async () => (await this.customer.order(id)).body, isFinal);
  }

  /** Repeats a read until it holds, for 20 s at most. @returns the last value */
  async last<T>(read: () => Promise<T>, holds: (value: T) => boolean, ms = AWAITED_MS): Promise<T> {
    const end = performance.now() + ms;
    for (;;) {
      const value = await read();
      if (holds(value) || performance.now() > end) return value;
      await sleep(POLL_MS);
    }
  }

  /** Waits until ordering is reachable and no checkout is open, so that earlier orders change no figure any more. */
  async idle(): Promise<void> {
    const open = () =>
      this.operator
        .call<{ items: object[] }>('ordering', 'GET', '/checkouts?stuck=false')
        .catch(() => undefined); // after Consul's return its instances register again
    await this.last(open, (found) => found?.items.length === 0);
  }

  async stock(): Promise<Stock> {
    return (await this.customer.send<Stock>('GET', `/stock/${PRODUCT}`)).body;
  }

  /** Returns what the payment provider has done for a payment. */
  async ledger(): Promise<readonly Operation[]> {
    const response = await fetch(`${this.#providerUrl}/ledger?limit=1000`);
    return ((await response.json()) as { operations: Operation[] }).operations;
  }

  async instances(app: string): Promise<readonly InstanceStatus[]> {
    const { apps } = await this.platform.call<Status>('GET', '/status');
    return apps.find((each) => each.app === app)!.instances;
  }

  /** Whether the registry sends requests to an instance, by its name. */
  async isRegistered(name: string): Promise<boolean> {
    const consul = runningConsul(this.platform.environment, appNames);
    return (await callConsul(consul, 'GET', `/v1/agent/service/${name}`)).status === 200;
  }

  /** Adds up a metric over the running instances of an app. */
  async metric(app: string, name: string, labels: Readonly<Record<string, string>> = {}) {
    const running = await this.instances(app);
    const texts = running.map(async ({ url }) => (await fetch(`${url}/metrics`)).text());
    const all = await Promise.all(texts.map((text) => text.catch(() => '')));
    return all.reduce((sum, text) => sum + sumOf(text, name, labels), 0);
  }

  /** Kills the instances of an app. @returns the process ids that are gone */
  async kill(app: string): Promise<readonly number[]> {
    const killed = await this.instances(app);
    for (const { id } of killed) {
      const path = `/apps/${id.replace('/', '/instances/')}/signals`;
      await this.platform.call('POST', path, { signal: 'SIGKILL' });
    }
    return killed.map(({ pid }) => pid);
  }

  /** Waits until every instance of an app is healthy, and another process than these. */
  async replaced(app: string, pids: readonly number[]): Promise<void> {
    const areNew = (all: readonly InstanceStatus[]) =>
      all.length > 0 && all.every(({ pid, health }) => !pids.includes(pid) && health === 'ok');
    await this.last(() => this.instances(app), areNew);
  }

  /** Starts a fault; `endFaults` ends it, at the latest after the checks. */
  async fault(kind: string, target: string, parameters: object = {}): Promise<void> {
    const body = { kind, target, forSeconds: 120, force: true, ...parameters };
    await this.platform.call('POST', '/faults', body);
  }

  async endFaults(): Promise<void> {
    await this.platform.call('DELETE', '/faults');
  }

  /** Produces the last records of a topic again: the same bytes, in the same partitions. */
  async redeliver(topic: string, count: number): Promise<void> {
    await this.fault('duplicate-messages', topic, { count });
  }
}
