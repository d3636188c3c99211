import { DeliveryAddress } from '@fieldguide/contracts/ordering';
import { ServiceClient } from '@fieldguide/service';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';

/** The address to ship to. */
export type ShippingAddress = NonNullable<z.infer<typeof DeliveryAddress>['shipTo']>;

/** Shipping's port to ordering. */
export abstract class DeliveryAddresses {
  /** Returns null when the address was erased. @throws when ordering is not reachable */
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
    if (!response) throw new Error('ordering returned 404 for the order');
    return response.shipTo;
  }
}
