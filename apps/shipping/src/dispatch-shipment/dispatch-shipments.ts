import { derivedId } from '@fieldguide/clock';
import {
  type BackgroundLoop,
  type LoopSettings,
  startWorker,
  UnitOfWorkRunner,
} from '@fieldguide/database';
import { inSpan } from '@fieldguide/telemetry';
import { Injectable, Logger } from '@nestjs/common';
import { Shipment } from '../shipment/shipment.entity.ts';
import { cancelShipment, publishDispatched } from '../shipment/shipment.ts';
import { DeliveryAddresses } from './delivery-addresses.ts';

const BATCH_SIZE = 20;
const CLAIM_MS = 15_000;

/** Sends what is due. The address is asked for outside any transaction, and goes on the label only. */
@Injectable()
export class DispatchShipments {
  readonly #log = new Logger('dispatch-shipments');

  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly addresses: DeliveryAddresses,
  ) {}

  start(loop: Pick<LoopSettings, 'notifier' | 'clock' | 'log'>): BackgroundLoop {
    const settings = { ...loop, name: 'dispatch-shipments', channel: 'shipments' };
    return startWorker(
      settings,
      async () =>
        (await this.once()) === BATCH_SIZE ||
        this.units.run((uow) => uow.msUntilDue(Shipment, 'dispatchDueAt')),
    );
  }

  /** One round: everything that is due, to the end. @returns how many were due */
  async once(): Promise<number> {
    const due = await this.units.run((uow) =>
      uow.claim(Shipment, 'dispatchDueAt', CLAIM_MS, BATCH_SIZE),
    );
    await Promise.all(due.map((shipment) => this.#dispatch(shipment)));
    return due.length;
  }

  /** Part of the trace of the fact that began it, though that was handled a while ago. */
  #dispatch(claimed: Shipment): Promise<void> {
    const attributes = { order: claimed.orderId };
    return inSpan('work', 'dispatch', attributes, () => this.#send(claimed), { ...claimed.cause });
  }

  async #send(claimed: Shipment): Promise<void> {
    const { orderId } = claimed;
    try {
      const address = await this.addresses.of(orderId);
      await this.units.run(async (uow) => {
        const [shipment] = await uow.lock(Shipment, [orderId]);
        if (shipment?.version !== claimed.version) return; // cancelled, or somebody else has it
        uow.continueFrom(shipment.cause);
        // The customer was erased: there is nowhere to send it, and there will not be.
        if (!address) return cancelShipment(shipment, 'addressErased', uow);
        const { shipmentId } = shipment;
        const trackingNumber = `FG${derivedId(shipmentId).replaceAll('-', '').slice(0, 12).toUpperCase()}`;
        const dispatchedAt = uow.now();
        Object.assign(shipment, {
          status: 'dispatched',
          dispatchDueAt: null,
          dispatchedAt,
          trackingNumber,
        });
        await uow.save(Shipment, shipment);
        publishDispatched(shipment, uow);
      });
    } catch (error) {
      // The claim runs out in a while and it is tried again; an order that is paid for must not be dropped.
      this.#log.warn(`Order ${orderId} cannot be dispatched yet: ${(error as Error).message}`);
    }
  }
}
