import { apps, example } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import { type Command, Option } from 'commander';
import type { OperatorClient } from '../client/operator-client.ts';
import {
  deadLettersTable,
  deadLetterText,
  type Letter,
  type LetterDetails,
} from '../screen/dead-letter-tables.ts';
import { type CommonOptions, choiceArgument, command, operatorOf, print } from './command.ts';

const PAGE = 100;
const consumers = apps
  .filter(({ hasDatabase, hasMessaging }) => hasDatabase && hasMessaging)
  .map(({ name }) => name);
/** The app that help texts show. */
const consumer = consumers.includes(example.app) ? example.app : consumers[0];

interface Redrive {
  readonly key: string;
  readonly redriven: number;
  readonly failed?: { readonly id: string; readonly reason: string };
  readonly moreWaiting: boolean;
}

/** Adds the commands on messages that an app could not handle. */
export function addDeadLetterCommands(program: Command): void {
  const letters = program
    .command('dead-letters')
    .description('Show, redrive and discard messages that an app could not handle');

  command(
    letters,
    'list',
    'List dead letters with their reasons',
    'dead-letters list',
    `dead-letters list ${consumer} --status discarded`,
  )
    .addArgument(choiceArgument('[app]', consumers, 'Name of the app; all apps by default'))
    .addOption(
      new Option('--status <status>', 'Letters with this status')
        .choices(['waiting', 'redriven', 'discarded', 'all'])
        .default('waiting'),
    )
    .option('--key <key>', 'Letters of this key')
    .option('--limit <count>', 'Letters of each app at most', String(PAGE))
    .action(
      async (
        app: string | undefined,
        options: CommonOptions & { status: string; key?: string; limit: string },
      ) => {
        const client = operatorOf(options);
        const most = positive(options.limit);
        const read = (each: string) => listed(client, each, options, most);
        const { found, failed } = await lettersOf(app ? [known(app)] : consumers, read);
        print(options, found, deadLettersTable(found));
        if (failed.length > 0)
          throw new CliError(`Not listed: ${failed.join('; ')}`, 'fieldguide status');
      },
    );

  command(
    letters,
    'show',
    'Show a dead letter with its headers and content',
    `dead-letters show ${consumer} 0192…`,
  )
    .addArgument(choiceArgument('<app>', consumers, 'Name of the app'))
    .argument('<id>', 'Id of the letter, from the list')
    .action(async (app: string, id: string, options: CommonOptions) => {
      const path = `/dead-letters/${letterId(app, id)}`;
      const hint = listCommand(app);
      const letter = await operatorOf(options).call<LetterDetails>(known(app), 'GET', path, {
        hint,
      });
      print(options, letter, deadLetterText(letter));
    });

  command(
    letters,
    'redrive',
    'Handle the dead letters of a key again, in order',
    `dead-letters redrive ${consumer} 0192…`,
    `dead-letters redrive ${consumer} --key KEY`,
  )
    .addArgument(choiceArgument('<app>', consumers, 'Name of the app'))
    .argument('[id]', 'Id of a letter; the others of its key are handled too')
    .option('--key <key>', 'Key to redrive instead of a letter')
    .action(
      async (app: string, id: string | undefined, options: CommonOptions & { key?: string }) => {
        const { key } = options;
        if (!id === !key)
          throw new CliError('Name either a letter or a key to redrive.', listCommand(app));
        const result = await redrive(operatorOf(options), known(app), id && letterId(app, id), key);
        const { failed, redriven } = result;
        if (options.json || !failed)
          print(options, result, `${count(redriven)} of ${result.key || 'no key'} redriven`);
        if (failed)
          throw new CliError(
            `${count(redriven)} redriven; ${failed.id} failed again: ${failed.reason}`,
            `fieldguide dead-letters show ${app} ${failed.id}; discard it if it can never be handled`,
          );
      },
    );

  command(
    letters,
    'discard',
    'Discard a dead letter that can never be handled',
    `dead-letters discard ${consumer} 0192… --reason "not a message"`,
  )
    .addArgument(choiceArgument('<app>', consumers, 'Name of the app'))
    .argument('<id>', 'Id of the letter, from the list')
    .option('--reason <text>', 'Reason to store with the letter')
    .action(async (app: string, id: string, options: CommonOptions & { reason?: string }) => {
      const path = `/dead-letters/${letterId(app, id)}/discards`;
      const { reason } = options;
      const discarded = await operatorOf(options).call<{ key: string; moreWaiting: boolean }>(
        known(app),
        'POST',
        path,
        { body: { ...(reason && { reason }) }, hint: listCommand(app) },
      );
      const next = discarded.moreWaiting
        ? `; other letters of its key are waiting: fieldguide dead-letters redrive ${app} --key ${discarded.key}`
        : '';
      print(options, discarded, `${id} is discarded${next}`);
    });
}

/** Reads the letters of several apps; one that does not respond hides none of the others'. */
export async function lettersOf(
  names: readonly string[],
  read: (app: string) => Promise<readonly Letter[]>,
): Promise<{ found: (Letter & { app: string })[]; failed: string[] }> {
  const results = await Promise.allSettled(names.map(read));
  return {
    found: results.flatMap((result, index) =>
      result.status === 'fulfilled'
        ? result.value.map((letter) => ({ app: names[index]!, ...letter }))
        : [],
    ),
    failed: results.flatMap((result, index) =>
      result.status === 'rejected' ? [`${names[index]} (${result.reason.message})`] : [],
    ),
  };
}

function positive(limit: string): number {
  const most = Number(limit);
  if (Number.isInteger(most) && most > 0) return most;
  throw new CliError(`--limit ${limit} is not a positive number.`, '--limit 100');
}

async function listed(
  client: OperatorClient,
  app: string,
  { status, key }: { status: string; key?: string },
  most: number,
): Promise<Letter[]> {
  const found: Letter[] = [];
  for (let after: string | null = '0'; after !== null && found.length < most; ) {
    const size = String(Math.min(PAGE, most - found.length));
    const query = new URLSearchParams({ status, after, limit: size, ...(key && { key }) });
    const page: { items: Letter[]; next: string | null } = await client.call(
      app,
      'GET',
      `/dead-letters?${query}`,
    );
    found.push(...page.items);
    after = page.next;
  }
  return found;
}

/** Redrives until no letter of the key is waiting, or one fails: a request is limited to a few seconds. */
async function redrive(
  client: OperatorClient,
  app: string,
  id: string | undefined,
  key: string | undefined,
): Promise<Redrive> {
  const hint = listCommand(app);
  const path = id ? `/dead-letters/${id}/redrives` : '/dead-letters/redrives';
  const body = id ? {} : { body: { key } };
  const first = await client.call<Redrive>(app, 'POST', path, { ...body, hint });
  if (first.failed || !first.moreWaiting) return first;
  const rest = await redrive(client, app, undefined, first.key);
  return { ...rest, redriven: first.redriven + rest.redriven };
}

const known = (app: string): string => parseChoice('app with messages', app, consumers);
const listCommand = (app: string): string => `fieldguide dead-letters list ${app}`;
const count = (letters: number): string => `${letters} ${letters === 1 ? 'letter' : 'letters'}`;

function letterId(app: string, text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new CliError(`"${text}" is not the id of a dead letter.`, listCommand(app));
}
