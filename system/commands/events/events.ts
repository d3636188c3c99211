import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CommandContext,
  CommandOptions,
  CommandPlugin,
} from '@fieldguide/platform-model/plugin';
import type { Command } from 'commander';
import {
  eventText,
  type LoggedEvent,
  type ProjectionStatus,
  projectionsTable,
} from './event-tables.ts';

const APP = 'ordering';
const POLL_MS = 300;

/** Adds the commands on the event log and its projections. */
export const plugin: CommandPlugin = {
  heading: 'Orders and events:',
  add: (program, context) => {
    addEventCommands(program, context);
    addProjectionCommands(program, context);
  },
};

function addEventCommands(program: Command, context: CommandContext): void {
  const { command, print, appClient, error } = context;
  command(
    program,
    'events',
    'Show the events of an order and its state after each',
    'events order-0192…',
  )
    .argument('<stream>', 'Stream of an order: order-<id>')
    .action(async (stream: string, options: CommandOptions) => {
      const [, id] = /^(?:order-)?([0-9a-f-]{36})$/i.exec(stream) ?? [];
      if (!id)
        throw error(`"${stream}" is not a stream of an order.`, 'fieldguide events order-<id>');
      const { items } = await appClient(options).call<{ items: LoggedEvent[] }>(
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
    .action(async (options: CommandOptions & { after?: string; tail?: true }) => {
      const client = appClient(options);
      const page = (after: string, limit = 500) =>
        client.call<{ items: LoggedEvent[]; position: string; end: string }>(
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
}

function addProjectionCommands(program: Command, context: CommandContext): void {
  const { command, print, appClient, callPlatform } = context;
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
    .action(async (options: CommandOptions) => {
      const { items } = await appClient(options).call<{ items: ProjectionStatus[] }>(
        APP,
        'GET',
        '/log/projections',
      );
      print(options, items, projectionsTable(context.table, items));
    });
  for (const [verb, what, done] of [
    ['pause', 'Pause a projection; reads return its last state', 'paused'],
    ['resume', 'Resume a paused projection from its position', 'resumed'],
  ] as const)
    command(projections, verb, what, `projections ${verb} order-summary`)
      .argument('<name>', 'Name, as in projections list')
      .action(async (name: string, options: CommandOptions) => {
        const path = `/log/projections/${encodeURIComponent(name)}/${verb}`;
        const hint = 'fieldguide projections list';
        const response = await appClient(options).call<object>(APP, 'POST', path, { hint });
        print(options, response, `Projection ${name} is ${done}`);
      });
  command(
    projections,
    'rebuild',
    'Rebuild a projection and replace the live one without downtime',
    'projections rebuild order-summary',
  )
    .argument('<name>', 'Name, as in projections list')
    .action(async (name: string, options: CommandOptions) => {
      const path = `/apps/${APP}/rebuilds`;
      const done = await callPlatform(options, 'POST', path, { projection: name });
      print(options, done, `Projection ${name} is rebuilt`);
    });
}
