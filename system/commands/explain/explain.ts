import { writeFileSync } from 'node:fs';
import type {
  CommandContext,
  CommandOptions,
  CommandPlugin,
} from '@fieldguide/platform-model/plugin';
import { parseOrderId } from '../orders/order-id.ts';
import { drawSvg, drawText } from './draw.ts';
import { findHandlers } from './handlers.ts';
import { publishedMessages } from './published-messages.ts';
import { type Arrow, sequenceOf } from './sequence.ts';

/** Adds the command that shows how an order was processed. */
export const plugin: CommandPlugin = {
  heading: 'Orders and events:',
  data: {
    sequence: ({ order = '' }, context, options) =>
      explain(parseOrderId(order, context.error), options, context),
  },
  add: (program, context) => {
    context
      .command(
        program,
        'explain',
        'Show the messages of an order: sender, receiver, time and source line',
        'explain 0192…',
        'explain 0192… --svg order.svg',
      )
      .argument('<order>', 'Order id')
      .option('--svg <file>', 'Write a diagram to a file')
      .action(async (order: string, options: CommandOptions & { svg?: string }) => {
        const id = parseOrderId(order, context.error);
        const explained = await explain(id, options, context);
        const title = `Order ${order}: ${explained.status}`;
        if (options.svg) writeFileSync(options.svg, drawSvg(title, explained.arrows));
        const text = options.svg
          ? `${options.svg} is written`
          : `${title}\n\n${drawText(explained.arrows)}`;
        context.print(options, explained, text);
      });
  },
};

interface Order {
  status: string;
  statusReason?: string;
  placedAt: string;
}
interface Ledger {
  operations: { paymentId: string; kind: string; outcome: string; at: string }[];
}

interface Explained {
  readonly orderId: string;
  readonly status: string;
  readonly arrows: readonly Arrow[];
}

/** Reconstructs an order from the topics, the provider's ledger and the order's timeline. */
async function explain(
  orderId: string,
  options: CommandOptions,
  context: CommandContext,
): Promise<Explained> {
  const client = context.appClient(options);
  const hint = 'fieldguide checkouts';
  const order = await client.call<Order>('gateway', 'GET', `/orders/${orderId}`, { hint });
  const placedAt = new Date(order.placedAt);
  const [{ items: timeline }, messages] = await Promise.all([
    client.call<{ items: { type: string; time: string }[] }>(
      'gateway',
      'GET',
      `/orders/${orderId}/timeline`,
    ),
    publishedMessages(orderId, placedAt, options, context),
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
