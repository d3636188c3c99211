import { join } from 'node:path';
import { withBrokerPassword } from '@fieldguide/messaging/broker-url';
import { appNames, apps } from '@fieldguide/platform-host/apps';
import type { Addresses } from '@fieldguide/platform-host/backing-services/backing-service';
import { attachedConsul } from '@fieldguide/platform-host/backing-services/call-consul';
import { aclOf, CONSUL_VERSION } from '@fieldguide/platform-host/backing-services/consul';
import {
  BROKER_ADMINISTRATOR,
  clientProperties,
  jaasConfig,
} from '@fieldguide/platform-host/backing-services/kafka';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { type Environment, writeFileSafely } from '@fieldguide/platform-host/environment';
import { rotatedKeys, secretKeys } from '@fieldguide/platform-model/derive';
import { instanceEnvironment } from '../runner/instance-environment.ts';

const hints = {
  FIELDGUIDE_POSTGRES_URL: 'postgres://postgres@postgres:5432/postgres',
  FIELDGUIDE_KAFKA_URL: 'kafka://_administrator@kafka:9092?mechanism=plain',
  FIELDGUIDE_CONSUL_URL: 'http://consul:8500',
} as const;

/**
 * Returns backing services that run elsewhere, from the same variables with which `start` attaches them. The
 * administrator's password and token are the environment's own when none are given.
 * @throws CliError that names what is missing
 */
export function attachedAddresses(environment: Environment): Addresses {
  const missing = Object.entries(hints).find(([key]) => !process.env[key]);
  if (missing)
    throw new CliError(
      `${missing[0]} is not set.`,
      `set ${missing[0]}, for example to ${missing[1]}`,
    );
  const secrets = environment.secrets(appNames);
  const postgres = new URL(process.env.FIELDGUIDE_POSTGRES_URL!);
  if (!postgres.password) postgres.password = secrets.postgresPassword;
  const kafkaPassword = environment.brokerPassword(BROKER_ADMINISTRATOR, secrets);
  const consul = attachedConsul(process.env.FIELDGUIDE_CONSUL_URL!);
  return {
    postgres: { url: postgres.href },
    kafka: { url: withBrokerPassword(process.env.FIELDGUIDE_KAFKA_URL!, kafkaPassword) },
    consul: { token: secrets.consul['platform']!, ...consul },
  };
}

/**
 * Writes what each service must keep to itself into a folder of its own, one file for each key: `<KEY>_FILE` reads
 * it. What the backing services and Prometheus need lies in folders of their own.
 * @returns how many files
 */
export function writeSecrets(environment: Environment, backing: Addresses, folder: string): number {
  const secrets = environment.secrets(appNames);
  let files = 0;
  const write = (owner: string, key: string, value: string, mode: number) => {
    writeFileSafely(join(folder, owner, key), value, mode);
    files += 1;
  };
  for (const app of apps) {
    const all = instanceEnvironment(app, environment, backing, secrets, new Map());
    for (const [key, value] of Object.entries(all))
      if (secretKeys(app.spec).has(key) || rotatedKeys(app.spec).has(key))
        write(app.name, key, value, 0o400);
  }
  // The images read these as other users; the folders are private.
  write('postgres', 'POSTGRES_PASSWORD', secrets.postgresPassword, 0o444);
  const kafkaPassword = environment.brokerPassword(BROKER_ADMINISTRATOR, secrets);
  write('kafka', 'jaas.conf', jaasConfig(kafkaPassword), 0o444);
  write('kafka', 'client.properties', clientProperties(kafkaPassword), 0o444);
  const { platform, prometheus } = secrets.consul;
  write('consul', 'acl.json', JSON.stringify({ acl: aclOf(CONSUL_VERSION, platform!) }), 0o444);
  write('prometheus', 'CONSUL_HTTP_TOKEN', prometheus!, 0o444);
  return files;
}
