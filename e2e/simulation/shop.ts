import 'reflect-metadata';
import { derivedId } from '@fieldguide/clock';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import {
  DeadLetter,
  type Envelope,
  MemoryNotifier,
  MemoryUnitOfWorkRunner,
} from '@fieldguide/database';
import { MemoryEventStore } from '@fieldguide/event-store';
import { MessageConsumer } from '@fieldguide/messaging';
import { handlersOf } from '@fieldguide/messaging/testing';
import { makeLog } from '@fieldguide/telemetry';
import { OnOrderCompleted } from '../../apps/inventory/src/on-order-completed/on-order-completed.ts';
import { ReserveStockHandler } from '../../apps/inventory/src/reserve-stock/reserve-stock.ts';
import { Stock } from '../../apps/inventory/src/stock/stock.entity.ts';
import { deadlines } from '../../apps/ordering/src/checkout/checkout.model.ts';
import { ExpireDeadlines } from '../../apps/ordering/src/expire-deadlines/expire-deadlines.ts';
import { OnPaymentReply } from '../../apps/ordering/src/on-payment-reply/on-payment-reply.ts';
import { OnShipmentReply } from '../../apps/ordering/src/on-shipment-reply/on-shipment-reply.ts';
import { OnStockReply } from '../../apps/ordering/src/on-stock-reply/on-stock-reply.ts';
import { OpenCheckout } from '../../apps/ordering/src/open-checkouts/open-checkout.entity.ts';
import { OpenCheckouts } from '../../apps/ordering/src/open-checkouts/open-checkouts.ts';
import { summaryOf } from '../../apps/ordering/src/order-summary/order-summary.projection.ts';
import { orderTranslator } from '../../apps/ordering/src/publish-orders/publish-orders.ts';
import { ProviderWorker } from '../../apps/payments/src/call-provider/provider-worker.ts';
import { OnPaymentCommand } from '../../apps/payments/src/on-payment-command/on-payment-command.ts';
import {
  DeliveryAddresses,
  type ShippingAddress,
} from '../../apps/shipping/src/dispatch-shipment/delivery-addresses.ts';
import { DispatchShipments } from '../../apps/shipping/src/dispatch-shipment/dispatch-shipments.ts';
import { OnCancellationRequest } from '../../apps/shipping/src/on-cancellation-request/on-cancellation-request.ts';
import { OnOrderConfirmed } from '../../apps/shipping/src/on-order-confirmed/on-order-confirmed.ts';
import { SimulatedProvider } from './provider.ts';

const customerId = '01900000-0000-7000-9000-000000000001';
export const product = { id: '01900000-0000-7000-8000-000000000001', units: 10, priceMinor: 6_900 };
export const QUANTITY = 2;
const DISPATCH_DELAY_MS = 1_000;
const log = makeLog('simulation', 'simulation', 'silent');

interface Sent {
  readonly topic: string;
  readonly envelope: Envelope;
}

class Book extends DeliveryAddresses {
  isErased = false;
  isAway = false;

  override async of(): Promise<ShippingAddress | null> {
    if (this.isAway) throw new Error('ordering is away');
    const label = { name: 'Ada', street: '1 Main St', city: 'Bern', postalCode: '3000' };
    return this.isErased ? null : { ...label, country: 'CH' };
  }
}

/**
 * The four services of the checkout with their real handlers, process, inbox, dead letters and workers, in one process
 * and in a time that a test turns. Between them lies a wire that holds, repeats and reorders messages as it is told.
 */
export class SimulatedShop {
  readonly clock = new ManualClock();
  readonly provider = new SimulatedProvider(this.clock);
  readonly addresses = new Book();
  readonly #ids = new CountingIds();
  readonly #units = new Map<string, MemoryUnitOfWorkRunner>();
  /** With the topics that each listens to. */
  readonly #consumers = new Map<MessageConsumer, ReadonlySet<string>>();
  readonly #events = new MemoryEventStore(this.clock, this.#ids);
  readonly #checkouts: OpenCheckouts;
  readonly #deadlines: ExpireDeadlines;
  readonly #payments: ProviderWorker;
  readonly #shipments: DispatchShipments;
  readonly #sentUpTo = new Map<string, number>();
  readonly #held = new Map<string, Sent[]>();
  #position = '0';
  #offset = 0;

  constructor(unitsOnHand = product.units) {
    const { clock } = this;
    const ids = this.#ids;
    const notifier = new MemoryNotifier(clock);
    const units = (service: string) => {
      const made = new MemoryUnitOfWorkRunner({ service, clock, ids });
      this.#units.set(service, made);
      return made;
    };
    const [ordering, , payments, shipping] = [
      units('ordering'),
      units('inventory'),
      units('payments'),
      units('shipping'),
    ];
    this.#checkouts = new OpenCheckouts(this.#events, deadlines as never, notifier);
    this.#deadlines = new ExpireDeadlines(ordering, this.#checkouts);
    this.#payments = new ProviderWorker(payments, this.provider, notifier);
    this.#shipments = new DispatchShipments(shipping, this.addresses);
    const config = { DISPATCH_DELAY_MS } as never;
    this.#listens(
      'ordering',
      new OnStockReply(this.#checkouts),
      new OnPaymentReply(this.#checkouts),
      new OnShipmentReply(this.#checkouts),
    );
    this.#listens('inventory', new ReserveStockHandler(), new OnOrderCompleted());
    this.#listens('payments', new OnPaymentCommand(ids, notifier));
    this.#listens(
      'shipping',
      new OnOrderConfirmed(config, ids, notifier),
      new OnCancellationRequest(ids),
    );
    void this.#units.get('inventory')!.run((uow) => {
      const row = { productId: product.id, onHandUnits: unitsOnHand };
      return uow.save(Stock, Object.assign(new Stock(), row));
    });
  }

  /** @returns the order's id */
  async place(key: string, token = 'tok_ok'): Promise<string> {
    const orderId = derivedId(customerId, key);
    const unitPrice = { amountMinor: product.priceMinor, currency: 'EUR' };
    const line = { productId: product.id, name: 'Tent', quantity: QUANTITY, unitPrice };
    const total = { ...unitPrice, amountMinor: product.priceMinor * QUANTITY };
    const pricesAsOf = this.clock.now().toISOString();
    const data = { orderId, customerId, lines: [line], total, paymentToken: token, pricesAsOf };
    await this.#units
      .get('ordering')!
      .run((tx) => this.#checkouts.handle(orderId, { type: 'PlaceOrder', data }, tx, customerId));
    return orderId;
  }

  /** @returns the code of the refusal, if it was refused */
  async cancel(orderId: string): Promise<string | undefined> {
    const wish = { type: 'CancelOrder', data: { customerId } } as const;
    try {
      await this.#units
        .get('ordering')!
        .run((tx) => this.#checkouts.handle(orderId, wish, tx, customerId));
      return undefined;
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  /** Messages of this type stay on the wire until they are let go. */
  hold(type: string): void {
    this.#held.set(type, this.#held.get(type) ?? []);
  }

  isHeld(type: string): boolean {
    return this.#held.has(type);
  }

  /** Delivers what was held; `times` plays a wire that repeats. A retry is the same message under another id. */
  async letGo(type: string, { times = 1, andRetried = false } = {}): Promise<void> {
    const sent = this.#held.get(type) ?? [];
    this.#held.delete(type);
    for (const each of sent) {
      for (let n = 0; n < times; n++) await this.#deliver(each);
      const id = this.#ids.next();
      if (andRetried) await this.#deliver({ ...each, envelope: { ...each.envelope, id } });
    }
    await this.settle();
  }

  /** Lets time pass for everybody; whoever waited until then acts. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  /** Until nobody has anything more to do at this moment. */
  async settle(): Promise<void> {
    for (let more = true; more; ) {
      const delivered = await this.#deliverAll();
      const due = (await this.#deadlines.once()) + (await this.#shipments.once());
      await this.#payments.once();
      more = delivered + due > 0 || (await this.#hasUnsent());
    }
  }

  /** Hands a message to whoever listens, as if it had come over the wire. */
  async #deliver({ topic, envelope }: Sent): Promise<void> {
    await this.deliverText(topic, envelope.subject, JSON.stringify(envelope));
  }

  async deliverText(topic: string, key: string, value: string): Promise<void> {
    const position = { partition: 0, offset: String(this.#offset++) };
    const record = { topic, key: Buffer.from(key), value: Buffer.from(value), position };
    for (const [consumer, topics] of this.#consumers)
      if (topics.has(topic)) await consumer.handle([record]);
  }

  async order(orderId: string) {
    return summaryOf(await this.#events.read(`order-${orderId}`));
  }

  openCheckout(orderId: string): Promise<OpenCheckout | undefined> {
    return this.#units.get('ordering')!.run((uow) => uow.load(OpenCheckout, orderId));
  }

  async stock(): Promise<{ onHandUnits: number; freeUnits: number }> {
    const row = await this.#units.get('inventory')!.run((uow) => uow.load(Stock, product.id));
    return { onHandUnits: row!.onHandUnits, freeUnits: row!.freeUnits };
  }

  /** Orders whose goods have left the house. */
  left(): ReadonlySet<string> {
    const said = this.#units.get('shipping')!.outbox.map(({ envelope }) => envelope);
    const left = said.filter(({ type }) => type === 'ShipmentDispatched');
    return new Set(left.map(({ subject }) => subject));
  }

  /** Minor units that the provider has collected, and that it still holds promised. */
  money(): { capturedMinor: number; promisedMinor: number } {
    const payments = Map.groupBy(this.provider.ledger, ({ paymentId }) => paymentId);
    const sum = { capturedMinor: 0, promisedMinor: 0 };
    for (const operations of payments.values()) {
      const approved = (kind: string) =>
        operations.find((each) => each.kind === kind && each.outcome === 'approved');
      const [captured, promised] = [approved('capture'), approved('authorise')];
      if (captured) sum.capturedMinor += captured.amount.amountMinor;
      else if (promised && !approved('void')) sum.promisedMinor += promised.amount.amountMinor;
    }
    return sum;
  }

  async deadLetters(): Promise<string[]> {
    const all = [...this.#units].map(async ([service, units]) => {
      const letters = await units.run((uow) => uow.find(DeadLetter, { redriven: false }, 100));
      return letters.map(({ reason }) => `${service}: ${reason}`);
    });
    return (await Promise.all(all)).flat();
  }

  #listens(service: string, ...controllers: object[]): void {
    const units = this.#units.get(service)!;
    const handlers = handlersOf(...controllers);
    const consumer = new MessageConsumer(service, units, handlers, this.clock, log);
    this.#consumers.set(consumer, new Set(handlers.map(({ contract }) => contract.topic)));
  }

  async #deliverAll(): Promise<number> {
    const sent = await this.#takeUnsent();
    for (const each of sent) {
      const held = this.#held.get(each.envelope.type);
      if (held) held.push(each);
      else await this.#deliver(each);
    }
    return sent.length;
  }

  async #hasUnsent(): Promise<boolean> {
    const { events } = await this.#events.readAll(this.#position, 1);
    const outboxes = [...this.#units].some(
      ([service, { outbox }]) => outbox.length > (this.#sentUpTo.get(service) ?? 0),
    );
    return events.length > 0 || outboxes;
  }

  async #takeUnsent(): Promise<Sent[]> {
    const { events, position } = await this.#events.readAll(this.#position, 100);
    this.#position = position;
    const said = await Promise.all(events.map(orderTranslator(this.#events)));
    const fromOutboxes = [...this.#units].flatMap(([service, { outbox }]) => {
      const from = this.#sentUpTo.get(service) ?? 0;
      this.#sentUpTo.set(service, outbox.length);
      return outbox.slice(from);
    });
    return [...said.flat(), ...fromOutboxes];
  }
}
