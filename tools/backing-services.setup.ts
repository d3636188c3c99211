import { BackingServices } from '@fieldguide/platform-host/backing-services/backing-services';
import { BROKER_ADMINISTRATOR } from '@fieldguide/platform-host/backing-services/kafka';
import { Environment } from '@fieldguide/platform-host/environment';
import { Events } from '@fieldguide/platform-host/events';
import { processStartTime } from '@fieldguide/platform-host/processes/child';
import { acquireLock, releaseLock, stopOrphans, writeState } from '@fieldguide/platform-host/state';
import type { TestProject } from 'vitest/node';
import { withoutFsync } from './without-fsync.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URLs of real services for this run only, with an administrator's rights. */
    backing: { postgres: string; kafka: string; consul: { url: string; token: string } };
  }
}

/** Starts PostgreSQL, Kafka and Consul for the `.int.spec` files, independent of other environments on this machine. */
export default async function setup(project: TestProject) {
  const environment = new Environment('int');
  await stopOrphans(environment);
  acquireLock(environment);
  environment.wipe();
  const secrets = environment.secrets([]);
  const { postgresPassword, consul: tokens } = secrets;
  const events = new Events(environment.logFile('platform'));
  events.listen(({ text }) => process.stderr.write(`  ${text}\n`));
  const backing = await BackingServices.start({
    environment,
    postgresPassword,
    consulToken: tokens['platform']!,
    kafkaPassword: environment.brokerPassword(BROKER_ADMINISTRATOR, secrets),
    choices: {},
    events,
    left: {},
  });
  const { postgres, kafka, consul } = backing;
  writeState(environment, {
    pid: process.pid,
    startTime: processStartTime(process.pid)!,
    instances: [],
    services: backing.records,
  });
  if (postgres.origin !== 'attached') await withoutFsync(postgres.url);
  const { url, token = '' } = consul;
  project.provide('backing', { postgres: postgres.url, kafka: kafka.url, consul: { url, token } });
  return async () => {
    await backing.stop();
    releaseLock(environment);
  };
}
