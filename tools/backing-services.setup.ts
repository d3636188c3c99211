import type { TestProject } from 'vitest/node';
import { startBackingServices } from '../apps/platform/src/backing/backing-services.ts';
import { giveBack, takeEnvironment, writeState } from '../apps/platform/src/controller/state.ts';
import { Environment } from '../apps/platform/src/environment.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Real ones, for this run only: URLs with an administrator's rights. */
    backing: { postgres: string; kafka: string; consul: string };
  }
}

/** Real PostgreSQL, Kafka and Consul for the `.int.spec` files, beside whatever else runs on this machine. */
export default async function setup(project: TestProject) {
  const environment = new Environment('int');
  takeEnvironment(environment);
  environment.wipe();
  const { postgresPassword } = environment.secrets([]);
  const say = (line: string) => process.stderr.write(`  ${line}\n`);
  const backing = await startBackingServices(environment, postgresPassword, {}, say);
  const { postgres, kafka, consul } = backing;
  writeState(environment, {
    pid: process.pid,
    controlPort: 0,
    controlToken: '',
    children: [postgres, kafka, consul].flatMap(({ child }) =>
      child?.pid ? [{ pid: child.pid, command: environment.folder }] : [],
    ),
  });
  project.provide('backing', { postgres: postgres.url, kafka: kafka.url, consul: consul.url });
  return async () => {
    await backing.stop();
    giveBack(environment);
  };
}
