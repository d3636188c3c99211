import { writeFileSync } from 'node:fs';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import type { Command } from 'commander';
import { drawSvg, drawText } from '../explain/draw.ts';
import { explain } from '../explain/explain.ts';
import { type Checkout, checkoutsTable } from '../screen/tables.ts';
import { type CommonOptions, choiceArgument, command, operatorOf, print } from './command.ts';
import { commandContext } from './command-context.ts';

/** Path and result text of each action on an open checkout. */
const actions = {
  retry: ['retries', 'is retried'],
  abandon: ['abandonment', 'is abandoned'],
  expire: ['deadline', 'is expired; its deadline is handled within two seconds'],
} as const;
type CheckoutAction = keyof typeof actions;

/** Adds the commands on orders: checkouts, checkout, explain. */
export function addOrderCommands(program: Command): void {
  command(
    program,
    'checkouts',
    'Show orders whose checkout is open, with their deadlines',
    'checkouts',
    'checkouts --stuck',
  )
    .option('--stuck', 'Show only those that need an operator')
    .action(async (options: CommonOptions & { stuck?: boolean }) => {
      const client = operatorOf(options);
      const path = `/checkouts?stuck=${options.stuck ?? false}`;
      const { items } = await client.call<{ items: Checkout[] }>('ordering', 'GET', path);
      const none = options.stuck ? 'No order is stuck.' : 'No checkout is open.';
      print(options, items, items.length > 0 ? checkoutsTable(items) : none);
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
    .action(async (order: string, action: string, options: CommonOptions) => {
      const known = parseChoice('action', action, Object.keys(actions)) as CheckoutAction;
      const [path, what] = actions[known];
      const place = `/checkouts/${orderId(order)}/${path}`;
      const done = await operatorOf(options).call('ordering', 'POST', place);
      print(options, done, `${order} ${what}; fieldguide explain ${order} shows the result`);
    });

  command(
    program,
    'explain',
    'Show the messages of an order: sender, receiver, time and source line',
    'explain 0192…',
    'explain 0192… --svg order.svg',
  )
    .argument('<order>', 'Order id')
    .option('--svg <file>', 'Write a diagram to a file')
    .action(async (order: string, options: CommonOptions & { svg?: string }) => {
      const explained = await explain(
        orderId(order),
        operatorOf(options),
        commandContext.environment(options),
      );
      const title = `Order ${order}: ${explained.status}`;
      if (options.svg) writeFileSync(options.svg, drawSvg(title, explained.arrows));
      const text = options.svg
        ? `${options.svg} is written`
        : `${title}\n\n${drawText(explained.arrows)}`;
      print(options, explained, text);
    });
}

function orderId(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new CliError(
    `"${text}" is not an order id.`,
    'fieldguide checkouts, or the id in the response of POST /orders',
  );
}
