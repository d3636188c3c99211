import { DeliveryAddress } from '@fieldguide/contracts/ordering';
import { ServiceClient } from '@fieldguide/service';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';

/** What stands on the label. */
export type ShippingAddress = NonNullable<z.infer<typeof DeliveryAddress>['shipTo']>;

/** What shipping needs of ordering: where an order goes. */
export abstract class DeliveryAddresses {
  /** Null when the address was erased. @throws when it cannot be told now */
  abstract of(orderId: string): Promise<ShippingAddress | null>;
}

@Injectable()
export class OrderingAddresses extends DeliveryAddresses {
  constructor(private readonly peers: ServiceClient) {
    super();
  }

  override async of(orderId: string): Promise<ShippingAddress | null> {
    const response = await this.peers.call({
      peer: 'ordering',
      path: `/orders/${orderId}/delivery-address`,
      route: '/orders/:id/delivery-address',
      responseSchema: DeliveryAddress,
      withServiceToken: true,
    });
    if (!response) throw new Error('ordering does not know such an order');
    return response.shipTo;
  }
}
