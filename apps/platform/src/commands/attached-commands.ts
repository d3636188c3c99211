import type { Command } from 'commander';
import { appNames, apps } from '../apps.ts';
import { Environment } from '../environment.ts';
import { attachedAddresses, writeSecrets } from '../provision/attached.ts';
import { migrate, provision } from '../provision/provision.ts';
import { instanceEnvironment } from '../runner/instance-environment.ts';
import { stage } from '../stager/stage.ts';
import { type CommonOptions, command, print } from './command.ts';

const where = `
The backing services are those at FIELDGUIDE_POSTGRES_URL (an administrator's), FIELDGUIDE_KAFKA_URL and
FIELDGUIDE_CONSUL_URL.`;

/** One-off tasks for an environment that the platform does not run: docker-compose.yml uses them. */
export function addAttachedCommands(program: Command): void {
  command(
    program,
    'secrets',
    'make the secrets of an environment, and write what each service needs into a folder of its own',
    'secrets /secrets',
  )
    .argument('<folder>')
    .addHelpText('after', where)
    .action((folder: string, options: CommonOptions) => {
      const environment = new Environment(options.env);
      const files = writeSecrets(environment, attachedAddresses(environment), folder);
      print(options, { folder, files }, `${files} files are in ${folder}`);
    });

  command(
    program,
    'provision',
    'make databases, roles, topics and settings in attached backing services; what is there stays',
    'provision',
  )
    .addHelpText('after', where)
    .action(async (options: CommonOptions) => {
      const environment = new Environment(options.env);
      const addresses = attachedAddresses(environment);
      await provision(environment, addresses, environment.secrets(appNames), {});
      print(options, { provisioned: true }, 'Databases, roles, topics and settings are there');
    });

  command(
    program,
    'migrate',
    'bring the databases of attached backing services up to date with the staged apps, and seed them',
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
      const migrated = await migrate(environment, artifacts, (app, role) => ({
        ...instanceEnvironment(app, environment, addresses, secrets, new Map(), role),
        // No task calls the provider; the configuration wants an address all the same.
        PAYMENT_PROVIDER_URL: 'http://nobody.invalid',
      }));
      print(options, { migrated }, `${migrated} databases were migrated`);
    });
}
