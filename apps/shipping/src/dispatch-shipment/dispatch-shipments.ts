import { derivedId } from '@fieldguide/clock';
import { DELIVERY_ADDRESSES_MAX } from '@fieldguide/contracts/ordering';
import { GroupedUnitsOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import { inSpan } from '@fieldguide/telemetry';
import {
  type BackgroundLoop,
  BackgroundWorker,
  startWorker,
  type WorkerContext,
} from '@fieldguide/workers';
import { Injectable, Logger } from '@nestjs/common';
import { Shipment } from '../shipment/shipment.entity.ts';
import { dispatch, isStillClaimed, trackingNumberOf } from '../shipment/shipment.model.ts';
import { cancelShipment, publishDispatched } from '../shipment/shipment.ts';
import { DeliveryAddresses } from './delivery-addresses.ts';

const BATCH_SIZE = DELIVERY_ADDRESSES_MAX;
const CLAIM_MS = 15_000;

type FetchAddresses = () => ReturnType<DeliveryAddresses['of']>;

/** Dispatches due shipments. Fetches the addresses outside any transaction and does not store them. */
@Injectable()
export class DispatchShipments extends BackgroundWorker {
  readonly #log = new Logger('dispatch-shipments');
  #dispatched: Pick<GroupedUnitsOfWork, 'run'>;

  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly addresses: DeliveryAddresses,
  ) {
    super();
    this.#dispatched = { run: (_, work) => units.run(work) };
  }

  override start(context: WorkerContext): BackgroundLoop {
    this.#dispatched = new GroupedUnitsOfWork(this.units, (orderIds, uow) =>
      uow.prefetch(Shipment, orderIds, { lock: true }),
    );
    const settings = { ...context, name: 'dispatch-shipments', channel: 'shipments' };
    return startWorker(settings, async () => {
      const begun = context.clock.now().getTime();
      const { due, nextInMs } = await this.#claim();
      await this.#dispatchAll(due);
      if (due.length === BATCH_SIZE) return true;
      return nextInMs && nextInMs - (context.clock.now().getTime() - begun);
    });
  }

  /** Handles one batch of due shipments, to the end. @returns how many were due */
  async once(): Promise<number> {
    const { due } = await this.#claim();
    await this.#dispatchAll(due);
    return due.length;
  }

  #claim() {
    return this.units.run(async (uow) => {
      const due = await uow.claim(Shipment, 'dispatchDueAt', CLAIM_MS, BATCH_SIZE);
      return { due, nextInMs: await uow.msUntilDue(Shipment, 'dispatchDueAt') };
    });
  }

  async #dispatchAll(due: readonly Shipment[]): Promise<void> {
    let addresses: ReturnType<FetchAddresses> | undefined;
    // One call for the batch, in the span of its first shipment.
    const fetchAddresses = () =>
      (addresses ??= this.addresses.of(due.map(({ orderId }) => orderId)));
    await Promise.all(due.map((shipment) => this.#dispatch(shipment, fetchAddresses)));
  }

  /** Continues the trace of the event that created the shipment. */
  #dispatch(claimed: Shipment, fetchAddresses: FetchAddresses): Promise<void> {
    const attributes = { 'order.id': claimed.orderId };
    const from = { ...claimed.cause };
    const span = { kind: 'work', name: 'dispatch', attributes, from } as const;
    return inSpan(span, () => this.#send(claimed, fetchAddresses));
  }

  async #send(claimed: Shipment, fetchAddresses: FetchAddresses): Promise<void> {
    const { orderId } = claimed;
    try {
      const address = (await fetchAddresses()).get(orderId);
      // Only null means erased: without an item the order waits.
      if (address === undefined) throw new Error('ordering has no address for it');
      await this.#dispatched.run(orderId, async (uow) => {
        const [shipment] = await uow.lock(Shipment, [orderId]);
        if (!isStillClaimed(shipment, claimed)) return;
        uow.continueFrom(shipment.cause);
        // The customer was erased: the shipment has no address, and will get none.
        if (!address) return cancelShipment(shipment, 'addressErased', uow);
        dispatch(shipment, trackingNumberOf(derivedId(shipment.shipmentId)), uow.now());
        await uow.save(Shipment, shipment);
        publishDispatched(shipment, uow);
      });
    } catch (error) {
      // Retried when the claim expires: a paid order must not be dropped.
      this.#log.warn(`Order ${orderId} cannot be dispatched yet: ${(error as Error).message}`);
    }
  }
}
