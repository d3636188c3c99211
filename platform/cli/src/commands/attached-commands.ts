import {
  attachedAddresses,
  writeSecrets,
} from '@fieldguide/platform-controller/provision/attached';
import { migrate, provision } from '@fieldguide/platform-controller/provision/provision';
import { instanceEnvironment } from '@fieldguide/platform-controller/runner/instance-environment';
import { stage } from '@fieldguide/platform-controller/stager/stage';
import { appNames, apps } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { appsWithPublicPort } from '@fieldguide/platform-model/derive';
import type { Command } from 'commander';
import { type CommonOptions, command, print } from './command.ts';

/** The discard port (RFC 863): no service listens on it. */
const DISCARD_PORT = 9;

const where = `
Addresses: FIELDGUIDE_POSTGRES_URL (as an administrator), FIELDGUIDE_KAFKA_URL,
FIELDGUIDE_CONSUL_URL.`;

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
    .action((folder: string, options: CommonOptions) => {
      const environment = new Environment(options.env);
      const files = writeSecrets(environment, attachedAddresses(environment), folder);
      print(options, { folder, files }, `${files} files are written to ${folder}`);
    });

  command(
    program,
    'provision',
    'Create missing databases, roles, topics and settings in attached backing services',
    'provision',
  )
    .addHelpText('after', where)
    .action(async (options: CommonOptions) => {
      const environment = new Environment(options.env);
      const addresses = attachedAddresses(environment);
      await provision(environment, addresses, environment.secrets(appNames), {});
      print(options, { provisioned: true }, 'Databases, roles, topics and settings exist');
    });

  command(
    program,
    'migrate',
    'Migrate and seed the databases in attached backing services',
    'migrate',
  )
    .addHelpText('after', where)
    .action(async (options: CommonOptions) => {
      const environment = new Environment(options.env);
      const addresses = attachedAddresses(environment);
      const secrets = environment.secrets(appNames);
      const artifacts = new Map(
        await Promise.all(
          apps.map(async (app) => [app.name, (await stage(app)).artifact] as const),
        ),
      );
      // No task calls another app, but its configuration requires addresses.
      const unused = new Map(appsWithPublicPort(system).map((name) => [name, DISCARD_PORT]));
      const migrated = await migrate(environment, artifacts, (app, role) =>
        instanceEnvironment(app, environment, addresses, secrets, unused, role),
      );
      print(options, { migrated }, `${migrated} databases are migrated`);
    });
}
