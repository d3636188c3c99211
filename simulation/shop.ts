import 'reflect-metadata';
import { Clock, derivedId } from '@fieldguide/clock';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { shipTo } from '@fieldguide/contracts/example-data';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { translate } from '@fieldguide/event-publishing';
import { MemoryEventStore } from '@fieldguide/event-store/parts';
import { OnOrderCompleted } from '@fieldguide/inventory/on-order-completed/on-order-completed';
import { ReserveStockHandler } from '@fieldguide/inventory/reserve-stock/reserve-stock';
import { Stock } from '@fieldguide/inventory/stock/stock.entity';
import { DeadLetter, MessageConsumer, type OutgoingRecord } from '@fieldguide/messaging/parts';
import { handlersOf, outboxOf } from '@fieldguide/messaging/testing';
import { deadlines } from '@fieldguide/ordering/checkout/checkout.model';
import { CheckoutDeadlines, OpenCheckout } from '@fieldguide/ordering/checkout/checkout-deadlines';
import { ExpireDeadlines } from '@fieldguide/ordering/checkout/expire-deadlines';
import { OnPaymentReply } from '@fieldguide/ordering/on-payment-reply/on-payment-reply';
import { OnShipmentReply } from '@fieldguide/ordering/on-shipment-reply/on-shipment-reply';
import { OnStockReply } from '@fieldguide/ordering/on-stock-reply/on-stock-reply';
import { OrderCommandHandler } from '@fieldguide/ordering/order/order-command-handler';
import { summaryOf } from '@fieldguide/ordering/order-summary/order-summary.projection';
import {
  commandLifetimes,
  orderMessages,
} from '@fieldguide/ordering/publish-orders/publish-orders';
import { ProviderWorker } from '@fieldguide/payments/call-provider/provider-worker';
import { OnPaymentCommand } from '@fieldguide/payments/on-payment-command/on-payment-command';
import { DeliveryAddresses } from '@fieldguide/shipping/dispatch-shipment/delivery-addresses';
import { DispatchShipments } from '@fieldguide/shipping/dispatch-shipment/dispatch-shipments';
import { OnCancellationRequest } from '@fieldguide/shipping/on-cancellation-request/on-cancellation-request';
import { OnOrderConfirmed } from '@fieldguide/shipping/on-order-confirmed/on-order-confirmed';
import { makeLog } from '@fieldguide/telemetry';
import { MemoryNotifier } from '@fieldguide/workers';
import { SimulatedProvider } from './provider.ts';

const customerId = '01900000-0000-7000-9000-000000000001';
export const product = { id: '01900000-0000-7000-8000-000000000001', units: 10, priceMinor: 6_900 };
export const QUANTITY = 2;
const DISPATCH_DELAY_MS = 1_000;
const PUBLISHER = 'publish-orders';
const log = makeLog('simulation', 'simulation', 'silent');

class SimulatedAddresses extends DeliveryAddresses {
  isErased = false;
  isDown = false;

  override async of(orderIds: readonly string[]) {
    if (this.isDown) throw new Error('ordering is not available');
    return new Map(orderIds.map((id) => [id, this.isErased ? null : shipTo]));
  }
}

/** The clock of one service, which differs from the true time. */
class ServiceClock extends Clock {
  aheadMs = 0;

  constructor(private readonly time: Clock) {
    super();
  }

  override now(): Date {
    return this.time.fromNow(this.aheadMs);
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.time.sleep(ms, signal);
  }
}

export const services = ['ordering', 'inventory', 'payments', 'shipping'] as const;

/**
 * Runs the four checkout services in one process, with their real handlers, saga, inbox, dead letters and workers.
 * Tests control the clock, and a simulated broker that delays, duplicates and reorders messages.
 */
export class SimulatedShop {
  readonly clock = new ManualClock();
  readonly provider = new SimulatedProvider(this.clock);
  readonly addresses = new SimulatedAddresses();
  readonly #clocks = new Map<string, ServiceClock>();
  readonly #ids = new CountingIds();
  readonly #units = new Map<string, MemoryUnitOfWorkRunner>();
  /** Consumers with their subscribed topics. */
  readonly #consumers = new Map<MessageConsumer, ReadonlySet<string>>();
  readonly #events = new MemoryEventStore(this.clock, this.#ids);
  readonly #orders: OrderCommandHandler;
  readonly #deadlines: ExpireDeadlines;
  readonly #payments: ProviderWorker;
  readonly #shipments: DispatchShipments;
  readonly #sentUpTo = new Map<string, number>();
  readonly #held = new Map<string, OutgoingRecord[]>();
  #offset = 0;

  constructor(unitsOnHand = product.units) {
    const { clock } = this;
    const ids = this.#ids;
    const notifier = new MemoryNotifier(clock);
    const units = (service: string) => {
      const own = new ServiceClock(clock);
      const runner = new MemoryUnitOfWorkRunner({ service, clock: own, ids });
      this.#clocks.set(service, own);
      this.#units.set(service, runner);
      return runner;
    };
    const [ordering, , payments, shipping] = services.map(units) as [
      MemoryUnitOfWorkRunner,
      MemoryUnitOfWorkRunner,
      MemoryUnitOfWorkRunner,
      MemoryUnitOfWorkRunner,
    ];
    this.#orders = new OrderCommandHandler(this.#events, new CheckoutDeadlines(deadlines as never));
    this.#deadlines = new ExpireDeadlines(ordering, this.#orders);
    this.#payments = new ProviderWorker(payments, this.provider, notifier);
    this.#shipments = new DispatchShipments(shipping, this.addresses);
    const config = { DISPATCH_DELAY_MS } as never;
    this.#subscribe(
      'ordering',
      new OnStockReply(this.#orders),
      new OnPaymentReply(this.#orders),
      new OnShipmentReply(this.#orders),
    );
    this.#subscribe('inventory', new ReserveStockHandler(), new OnOrderCompleted());
    this.#subscribe('payments', new OnPaymentCommand(ids));
    this.#subscribe('shipping', new OnOrderConfirmed(config, ids), new OnCancellationRequest(ids));
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
      .run((tx) =>
        this.#orders.handle(orderId, { type: 'PlaceOrder', data }, tx, { actor: customerId }),
      );
    return orderId;
  }

  /** @returns the error code, if the cancellation is rejected */
  async cancel(orderId: string): Promise<string | undefined> {
    const command = { type: 'CancelOrder', data: { customerId } } as const;
    try {
      await this.#units
        .get('ordering')!
        .run((tx) => this.#orders.handle(orderId, command, tx, { actor: customerId }));
      return undefined;
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  /** Sends the pending message of an order again, as an operator does. */
  async retry(orderId: string): Promise<void> {
    const command = { type: 'RetryCheckout', data: {} } as const;
    await this.#units.get('ordering')!.run((tx) => this.#orders.handle(orderId, command, tx));
    await this.runUntilIdle();
  }

  /** Delays all messages of this type until `release`. */
  hold(type: string): void {
    this.#held.set(type, this.#held.get(type) ?? []);
  }

  isHeld(type: string): boolean {
    return this.#held.has(type);
  }

  /** Delivers the delayed messages, each `times` times. A retry is the same message with another id. */
  async release(type: string, { times = 1, withRetry = false } = {}): Promise<void> {
    const sent = this.#held.get(type) ?? [];
    this.#held.delete(type);
    for (const each of sent) {
      for (let n = 0; n < times; n++) await this.#deliver(each);
      const id = this.#ids.next();
      if (withRetry) await this.#deliver({ ...each, envelope: { ...each.envelope, id } });
    }
    await this.runUntilIdle();
  }

  /** Sets the clock of one service ahead of the true time; negative: behind it. */
  setAhead(service: (typeof services)[number], ms: number): void {
    this.#clocks.get(service)!.aheadMs = ms;
  }

  /** Advances the clock of all services, then runs the work that became due. */
  async advanceTime(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.runUntilIdle();
  }

  /** Delivers messages and runs workers until no work is due at the current time. */
  async runUntilIdle(): Promise<void> {
    for (let isBusy = true; isBusy; ) {
      const delivered = await this.#deliverAll();
      const due = (await this.#deadlines.once()) + (await this.#shipments.once());
      await this.#payments.once();
      isBusy = delivered + due > 0 || (await this.#hasUnsent());
    }
  }

  /** Delivers a message to all subscribed consumers. */
  async #deliver({ topic, envelope }: OutgoingRecord): Promise<void> {
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

  /** Returns the ids of dispatched orders. */
  dispatchedOrders(): ReadonlySet<string> {
    const published = outboxOf(this.#units.get('shipping')!).map(({ envelope }) => envelope);
    const dispatchedOrders = published.filter(({ type }) => type === 'ShipmentDispatched');
    return new Set(dispatchedOrders.map(({ subject }) => subject));
  }

  /** Returns the captured and the still authorised amounts, in minor units. */
  money(): { capturedMinor: number; authorisedMinor: number } {
    const payments = Map.groupBy(this.provider.ledger, ({ paymentId }) => paymentId);
    const sum = { capturedMinor: 0, authorisedMinor: 0 };
    for (const operations of payments.values()) {
      const approved = (kind: string) =>
        operations.find((each) => each.kind === kind && each.outcome === 'approved');
      const [captured, authorised] = [approved('capture'), approved('authorise')];
      if (captured) sum.capturedMinor += captured.amount.amountMinor;
      else if (authorised && !approved('void'))
        sum.authorisedMinor += authorised.amount.amountMinor;
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

  #subscribe(service: string, ...controllers: object[]): void {
    const units = this.#units.get(service)!;
    const handlers = handlersOf(...controllers);
    const consumer = new MessageConsumer(service, units, handlers, this.#clocks.get(service)!, log);
    this.#consumers.set(consumer, new Set(handlers.map(({ contract }) => contract.topic)));
  }

  async #deliverAll(): Promise<number> {
    const sent = await this.#collectUnsent();
    for (const each of sent) {
      const held = this.#held.get(each.envelope.type);
      if (held) held.push(each);
      else await this.#deliver(each);
    }
    return sent.length;
  }

  async #hasUnsent(): Promise<boolean> {
    const { events } = await this.#events.readSubscription(PUBLISHER, 1);
    const outboxes = [...this.#units].some(
      ([service, units]) => outboxOf(units).length > (this.#sentUpTo.get(service) ?? 0),
    );
    return events.length > 0 || outboxes;
  }

  async #collectUnsent(): Promise<OutgoingRecord[]> {
    const { events, position } = await this.#events.readSubscription(PUBLISHER, 100);
    if (position) await this.#events.advanceSubscription(PUBLISHER, position);
    const fromOutboxes = [...this.#units].flatMap(([service, units]) => {
      const outbox = outboxOf(units);
      const from = this.#sentUpTo.get(service) ?? 0;
      this.#sentUpTo.set(service, outbox.length);
      return outbox.slice(from);
    });
    return [
      ...events.flatMap((each) =>
        translate(orderMessages, 'ordering', each, commandLifetimes(deadlines)),
      ),
      ...fromOutboxes,
    ];
  }
}
