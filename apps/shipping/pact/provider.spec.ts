import {
  deliver,
  keepsItsPromises,
  type ProviderState,
} from '@fieldguide/contract-testing/provider';
import { shipTo } from '@fieldguide/contracts/cast';
import { CancellationRequested, OrderConfirmed } from '@fieldguide/contracts/ordering';
import { cancellationRequested, orderConfirmed } from '@fieldguide/contracts/ordering/examples';
import { Addresses, type Label } from '../src/dispatch-shipment/addresses.ts';
import { DispatchShipments } from '../src/dispatch-shipment/dispatch-shipments.ts';
import { WhenCancellationIsRequested } from '../src/on-cancellation-request/on-cancellation-request.ts';
import { WhenOrderConfirmed } from '../src/on-order-confirmed/on-order-confirmed.ts';
import { Shipment, type ShipmentStatus } from '../src/shipment/shipment.entity.ts';
import { shipping } from '../src/shipping.definition.ts';

/** Ordering, as shipping asks it. */
class Known extends Addresses {
  constructor(private readonly label: Label | null) {
    super();
  }

  override async of(): Promise<Label | null> {
    return this.label;
  }
}

keepsItsPromises(shipping, {
  env: { DISPATCH_DELAY_MS: '0' },
  states: (service) => {
    const { database, units } = service.parts;
    const confirm = ({ orderId = '' }) =>
      deliver(service, [WhenOrderConfirmed], OrderConfirmed, orderId, {
        ...orderConfirmed.value,
        orderId,
      });
    const cancel = ({ orderId = '' }) =>
      deliver(service, [WhenCancellationIsRequested], CancellationRequested, orderId, {
        ...cancellationRequested.value,
        orderId,
      });
    const dispatch = (label: Label | null) =>
      new DispatchShipments(units!, new Known(label)).once();
    const leadsTo = (
      status: ShipmentStatus,
      then: (values: Record<string, string>) => Promise<unknown>,
    ): ProviderState => ({
      set: async (values) => {
        await confirm(values);
        await then(values);
      },
      holds: ({ orderId = '' }) => database!.source.manager.existsBy(Shipment, { orderId, status }),
    });
    return {
      'a shipment has left': leadsTo('dispatched', () => dispatch(shipTo)),
      'a shipment was cancelled in time': leadsTo('cancelled', cancel),
      'a shipment had nowhere to go': leadsTo('cancelled', () => dispatch(null)),
    };
  },
});
