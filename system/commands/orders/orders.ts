import type { CommandOptions, CommandPlugin } from '@fieldguide/platform-model/plugin';
import { type Checkout, checkoutsTable } from './checkouts-table.ts';
import { firstOrder } from './first-order.ts';
import { parseOrderId } from './order-id.ts';

/** Path and result text of each action on an open checkout. */
const actions = {
  retry: ['retries', 'is retried'],
  abandon: ['abandonment', 'is abandoned'],
  expire: ['deadline', 'is expired; its deadline is handled within two seconds'],
} as const;
type CheckoutAction = keyof typeof actions;

/** Adds the commands on open checkouts. */
export const plugin: CommandPlugin = {
  heading: 'Orders and events:',
  startText: firstOrder,
  add: (program, { command, choiceArgument, parseChoice, print, table, error, appClient }) => {
    command(
      program,
      'checkouts',
      'Show orders whose checkout is open, with their deadlines',
      'checkouts',
      'checkouts --stuck',
    )
      .option('--stuck', 'Show only those that need an operator')
      .action(async (options: CommandOptions & { stuck?: boolean }) => {
        const client = appClient(options);
        const path = `/checkouts?stuck=${options.stuck ?? false}`;
        const { items } = await client.call<{ items: Checkout[] }>('ordering', 'GET', path);
        const none = options.stuck ? 'No order is stuck.' : 'No checkout is open.';
        print(options, items, items.length > 0 ? checkoutsTable(table, items) : none);
      });

    command(
      program,
      'checkout',
      'Retry the last request of an open checkout, abandon it, or (in local) expire it',
      'checkout 0192… retry',
      'checkout 0192… expire',
    )
      .argument('<order>', 'Order id')
      .addArgument(choiceArgument('<action>', Object.keys(actions), 'Action on the checkout'))
      .action(async (order: string, action: string, options: CommandOptions) => {
        const known = parseChoice('action', action, Object.keys(actions)) as CheckoutAction;
        const [path, what] = actions[known];
        const place = `/checkouts/${parseOrderId(order, error)}/${path}`;
        const done = await appClient(options).call('ordering', 'POST', place, {
          hint: 'fieldguide checkouts',
        });
        print(options, done, `${order} ${what}; fieldguide explain ${order} shows the result`);
      });
  },
};
