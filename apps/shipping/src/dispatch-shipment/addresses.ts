import { DeliveryAddress } from '@fieldguide/contracts/ordering';
import { Peers } from '@fieldguide/service';
import { Injectable } from '@nestjs/common';

const Label = DeliveryAddress.pick({
  name: true,
  street: true,
  city: true,
  postalCode: true,
  country: true,
});

/** What shipping needs of ordering: where an order goes. */
export abstract class Addresses {
  /** Undefined when the address was erased. */
  abstract of(orderId: string): Promise<typeof Label._output | undefined>;
}

@Injectable()
export class OrderingAddresses extends Addresses {
  constructor(private readonly peers: Peers) {
    super();
  }

  override of(orderId: string) {
    return this.peers.call({
      peer: 'ordering',
      path: `/orders/${orderId}/delivery-address`,
      route: '/orders/:id/delivery-address',
      answer: Label,
      asService: true,
    });
  }
}
