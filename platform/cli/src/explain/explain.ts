import type { AppClient, CommandContext } from '@fieldguide/platform-model/plugin';
import { findHandlers } from './handlers.ts';
import { publishedMessages } from './published-messages.ts';
import { type Arrow, sequenceOf } from './sequence.ts';

interface Order {
  status: string;
  statusReason?: string;
  placedAt: string;
}
interface Ledger {
  operations: { paymentId: string; kind: string; outcome: string; at: string }[];
}

export interface Explained {
  readonly orderId: string;
  readonly status: string;
  readonly arrows: readonly Arrow[];
}

/** Reconstructs an order from the topics, the provider's ledger and the order's timeline. */
export async function explain(
  orderId: string,
  client: AppClient,
  { kafkaUrl, topicPrefix }: ReturnType<CommandContext['environment']>,
): Promise<Explained> {
  const order = await client.call<Order>('gateway', 'GET', `/orders/${orderId}`);
  const placedAt = new Date(order.placedAt);
  const [{ items: timeline }, messages] = await Promise.all([
    client.call<{ items: { type: string; time: string }[] }>(
      'gateway',
      'GET',
      `/orders/${orderId}/timeline`,
    ),
    publishedMessages(kafkaUrl, topicPrefix, orderId, placedAt),
  ]);
  const paymentIds = new Set(messages.flatMap(({ data }) => (data['paymentId'] as string) ?? []));
  const ledgers = await Promise.all(
    [...paymentIds].map((id) =>
      client.call<Ledger>('payment-provider', 'GET', `/ledger?paymentId=${id}`),
    ),
  );
  const own = ledgers.flatMap(({ operations }) => operations);
  const trace = { placedAt, messages, timeline, operations: own };
  const reason = order.statusReason ? `: ${order.statusReason}` : '';
  return {
    orderId,
    status: order.status + reason,
    arrows: sequenceOf(trace, findHandlers()),
  };
}
