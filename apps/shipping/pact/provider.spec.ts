import {
  deliver,
  describeProviderPacts,
  type ProviderState,
} from '@fieldguide/contract-testing/provider';
import { shipTo } from '@fieldguide/contracts/example-data';
import { CancellationRequested, OrderConfirmed } from '@fieldguide/contracts/ordering';
import { cancellationRequested, orderConfirmed } from '@fieldguide/contracts/ordering/examples';
import { Database, UnitOfWorkRunner } from '@fieldguide/database';
import {
  DeliveryAddresses,
  type ShippingAddress,
} from '../src/dispatch-shipment/delivery-addresses.ts';
import { DispatchShipments } from '../src/dispatch-shipment/dispatch-shipments.ts';
import { OnCancellationRequest } from '../src/on-cancellation-request/on-cancellation-request.ts';
import { OnOrderConfirmed } from '../src/on-order-confirmed/on-order-confirmed.ts';
import { Shipment, type ShipmentStatus } from '../src/shipment/shipment.entity.ts';
import { ShippingModule } from '../src/shipping.module.ts';

/** Ordering with the same address for all orders. */
class FixedAddress extends DeliveryAddresses {
  constructor(private readonly address: ShippingAddress | null) {
    super();
  }

  override async of(orderIds: readonly string[]) {
    return new Map(orderIds.map((id) => [id, this.address]));
  }
}

describeProviderPacts('shipping', ShippingModule, {
  env: { DISPATCH_DELAY_MS: '0' },
  states: (app) => {
    const { manager } = app.get(Database).source;
    const units = app.get(UnitOfWorkRunner);
    const confirm = ({ orderId = '' }) =>
      deliver(app, [OnOrderConfirmed], OrderConfirmed, orderId, {
        ...orderConfirmed.value,
        orderId,
      });
    const cancel = ({ orderId = '' }) =>
      deliver(app, [OnCancellationRequest], CancellationRequested, orderId, {
        ...cancellationRequested.value,
        orderId,
      });
    const dispatch = (address: ShippingAddress | null) =>
      new DispatchShipments(units, new FixedAddress(address)).once();
    const leadsTo = (
      status: ShipmentStatus,
      then: (values: Record<string, string>) => Promise<unknown>,
    ): ProviderState => ({
      set: async (values) => {
        await confirm(values);
        await then(values);
      },
      holds: ({ orderId = '' }) => manager.existsBy(Shipment, { orderId, status }),
    });
    return {
      'a shipment was dispatched': leadsTo('dispatched', () => dispatch(shipTo)),
      'a shipment was cancelled in time': leadsTo('cancelled', cancel),
      'a shipment had no address': leadsTo('cancelled', () => dispatch(null)),
    };
  },
});
