import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Command } from 'commander';
import { ShopClient } from '../client/shop-client.ts';
import {
  eventText,
  type LoggedEvent,
  type ProjectionStatus,
  projectionsTable,
} from '../screen/log-tables.ts';
import {
  type CommonOptions,
  command,
  environmentOf,
  platformOf,
  print,
  printingEvents,
} from './command.ts';

const APP = 'ordering';
const POLL_MS = 300;

/** Adds the commands on the event log and its projections. */
export function addLogCommands(program: Command): void {
  command(
    program,
    'events',
    'Show the events of an order and its state after each',
    'events order-0192…',
  )
    .argument('<stream>', 'Stream of an order: order-<id>')
    .action(async (stream: string, options: CommonOptions) => {
      const [, id] = /^(?:order-)?([0-9a-f-]{36})$/i.exec(stream) ?? [];
      if (!id)
        throw new CliError(
          `"${stream}" is not a stream of an order.`,
          'fieldguide events order-<id>',
        );
      const { items } = await shopOf(options).call<{ items: LoggedEvent[] }>(
        APP,
        'GET',
        `/log/orders/${id}`,
        { hint: 'fieldguide feed' },
      );
      print(options, items, items.map(eventText).join('\n'));
    });

  command(
    program,
    'feed',
    'Show the events of all orders as projections receive them',
    'feed --tail',
    'feed --after 100 --json',
  )
    .option('--after <position>', 'Start after this position; by default 20 before the end')
    .option('--tail', 'Follow new events until Ctrl-C')
    .action(async (options: CommonOptions & { after?: string; tail?: true }) => {
      const shop = shopOf(options);
      const page = (after: string, limit = 500) =>
        shop.call<{ items: LoggedEvent[]; position: string; end: string }>(
          APP,
          'GET',
          `/log/feed?after=${after}&limit=${limit}`,
        );
      const { end } = await page('0', 1);
      let position = options.after ?? String(Math.max(0, Number(end) - 20));
      for (;;) {
        const { items, position: reached } = await page(position);
        for (const item of items)
          console.log(options.json ? JSON.stringify(item) : eventText(item));
        position = reached;
        if (items.length > 0) continue;
        if (!options.tail) return;
        await sleep(POLL_MS);
      }
    });

  const projections = program
    .command('projections')
    .description('List, pause, resume and rebuild projections');
  command(
    projections,
    'list',
    'Show projections and publishers with their positions',
    'projections list',
  )
    .alias('status')
    .action(async (options: CommonOptions) => {
      const { items } = await shopOf(options).call<{ items: ProjectionStatus[] }>(
        APP,
        'GET',
        '/log/projections',
      );
      print(options, items, projectionsTable(items));
    });
  for (const [verb, what, done] of [
    ['pause', 'Pause a projection; reads return its last state', 'paused'],
    ['resume', 'Resume a paused projection from its position', 'resumed'],
  ] as const)
    command(projections, verb, what, `projections ${verb} order-summary`)
      .argument('<name>', 'Name, as in projections list')
      .action(async (name: string, options: CommonOptions) => {
        const path = `/log/projections/${encodeURIComponent(name)}/${verb}`;
        const hint = 'fieldguide projections list';
        const response = await shopOf(options).call<object>(APP, 'POST', path, { hint });
        print(options, response, `Projection ${name} is ${done}`);
      });
  command(
    projections,
    'rebuild',
    'Rebuild a projection and replace the live one without downtime',
    'projections rebuild order-summary',
  )
    .argument('<name>', 'Name, as in projections list')
    .action(async (name: string, options: CommonOptions) => {
      const platform = platformOf(options);
      const rebuild = () => platform.call('POST', `/apps/${APP}/rebuilds`, { projection: name });
      const done = await printingEvents(platform, options, rebuild);
      print(options, done, `Projection ${name} is rebuilt`);
    });
}

function shopOf(options: CommonOptions): ShopClient {
  return new ShopClient(environmentOf(options), platformOf(options));
}
