import { Environment } from '@fieldguide/platform-host/environment';
import type { Command } from 'commander';
import { type CommonOptions, command, print } from './command.ts';

const where = `
Addresses: FIELDGUIDE_POSTGRES_URL (as an administrator), FIELDGUIDE_KAFKA_URL,
FIELDGUIDE_CONSUL_URL (with FIELDGUIDE_CONSUL_TOKEN, FIELDGUIDE_CONSUL_CACERT).`;

/** The tasks, which other commands need not load. */
const attached = () => import('./attached.ts');

/** Adds one-off tasks for an environment that the platform does not run; docker-compose.yml uses them. */
export function addAttachedCommands(program: Command): void {
  command(
    program,
    'secrets',
    'Create the secrets of an environment and write one folder per service',
    'secrets /secrets',
  )
    .argument('<folder>', 'Folder for the secrets')
    .addHelpText('after', where)
    .action(async (folder: string, options: CommonOptions) => {
      const files = (await attached()).createSecrets(new Environment(options.env), folder);
      print(options, { folder, files }, `${files} files are written to ${folder}`);
    });

  command(
    program,
    'provision',
    'Create missing databases, roles, topics, settings and tokens in attached backing services',
    'provision',
  )
    .addHelpText('after', where)
    .action(async (options: CommonOptions) => {
      await (await attached()).provisionAll(new Environment(options.env));
      print(options, { provisioned: true }, 'Databases, roles, topics, settings and tokens exist');
    });

  command(
    program,
    'migrate',
    'Migrate and seed the databases in attached backing services',
    'migrate',
  )
    .addHelpText('after', where)
    .action(async (options: CommonOptions) => {
      const migrated = await (await attached()).migrateAll(new Environment(options.env));
      print(options, { migrated }, `${migrated} databases are migrated`);
    });
}
