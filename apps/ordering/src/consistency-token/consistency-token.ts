import { ConsistencyToken } from '@fieldguide/contracts/consistency-token';
import { errors } from '../order/order.errors.ts';

/** Name of the header: a write returns it, and a read that sends it waits until its projection includes that write. */
export const CONSISTENCY_TOKEN = 'consistency-token';

/** A stream and the version that it has after the write. */
export interface SeenVersion {
  readonly orderId: string;
  readonly version: number;
}

export function consistencyToken(orderId: string, version: number): string {
  return `order-${orderId}@${version}`;
}

/** @throws DomainError consistencyTokenInvalid */
export function readConsistencyToken(token: string | undefined): SeenVersion | undefined {
  if (token === undefined) return undefined;
  if (!ConsistencyToken.safeParse(token).success) throw errors.consistencyTokenInvalid();
  const [stream = '', version] = token.split('@');
  return { orderId: stream.slice('order-'.length), version: Number(version) };
}
