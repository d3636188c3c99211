import { isDeepStrictEqual } from 'node:util';
import type { ShipTo } from '@fieldguide/contracts/ordering';
import type { UnitOfWork } from '@fieldguide/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { errors } from '../order/order.errors.ts';
import type { Placed } from '../order/order.events.ts';

type OrderOfCustomer = Pick<Placed, 'orderId' | 'customerId'>;

/** Personal data stays in a row that can be deleted; events only know the order. */
@Entity('delivery_addresses')
export class DeliveryAddress {
  @PrimaryColumn('uuid', { name: 'order_id' }) orderId!: string;
  @Column('uuid', { name: 'customer_id' }) customerId!: string;
  @Column('jsonb', { name: 'ship_to' }) shipTo!: ShipTo;
  @Column('int') version = 0;

  equals(other: ShipTo): boolean {
    return isDeepStrictEqual({ ...this.shipTo }, { ...other });
  }
}

/** Tombstone of an erased customer: later requests under this id are rejected, later rows erased. */
@Entity('erased_customers')
export class ErasedCustomer {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId!: string;
  @Column('timestamptz', { name: 'erased_at' }) erasedAt!: Date;
  /** When to sweep again, for an order that was being placed at the same moment. */
  @Column('timestamptz', { name: 'sweep_due_at', nullable: true }) sweepDueAt: Date | null = null;
  @Column('int') version = 0;
}

/** Stores the address of a new order. @throws DomainError customerErased */
export async function storeAddress(
  { orderId, customerId }: OrderOfCustomer,
  shipTo: ShipTo,
  tx: UnitOfWork,
): Promise<void> {
  if (await tx.load(ErasedCustomer, customerId)) throw errors.customerErased();
  const address = Object.assign(new DeliveryAddress(), { orderId, customerId, shipTo });
  await tx.save(DeliveryAddress, address);
}

/**
 * Compares the address of a repeated request. A deleted address can no longer be compared; only a customer who was
 * erased is refused for that.
 * @throws DomainError idempotencyKeyReused, customerErased
 */
export async function assertSameAddress(
  { orderId, customerId }: OrderOfCustomer,
  shipTo: ShipTo,
  tx: UnitOfWork,
): Promise<void> {
  const address = await tx.load(DeliveryAddress, orderId);
  if (address && !address.equals(shipTo)) throw errors.idempotencyKeyReused();
  if (!address && (await tx.load(ErasedCustomer, customerId))) throw errors.customerErased();
}
