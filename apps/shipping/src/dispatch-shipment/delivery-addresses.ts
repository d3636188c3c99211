import { type DeliveryAddress, DeliveryAddressList } from '@fieldguide/contracts/ordering';
import { ServiceClient } from '@fieldguide/service';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';

/** The address to ship to. */
export type ShippingAddress = NonNullable<z.infer<typeof DeliveryAddress>['shipTo']>;

/** Shipping's port to ordering. */
export abstract class DeliveryAddresses {
  /**
   * Fetches the addresses of up to `DELIVERY_ADDRESSES_MAX` orders with one call. An erased address is null; an order that
   * ordering has no address of is not in the map.
   * @throws when ordering is not reachable
   */
  abstract of(orderIds: readonly string[]): Promise<ReadonlyMap<string, ShippingAddress | null>>;
}

@Injectable()
export class OrderingAddresses extends DeliveryAddresses {
  constructor(private readonly peers: ServiceClient) {
    super();
  }

  override async of(orderIds: readonly string[]) {
    const response = await this.peers.call({
      peer: 'ordering',
      path: `/delivery-addresses?orderIds=${orderIds.join(',')}`,
      route: '/delivery-addresses',
      responseSchema: DeliveryAddressList,
      withServiceToken: true,
    });
    if (!response) throw new Error('ordering returned 404 for the addresses');
    return new Map(response.items.map(({ orderId, shipTo }) => [orderId, shipTo]));
  }
}
