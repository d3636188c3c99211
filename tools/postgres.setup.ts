import type { TestProject } from 'vitest/node';
import { startPostgres } from '../apps/platform/src/backing/postgres.ts';
import {
  endLeftovers,
  giveBack,
  takeEnvironment,
  writeState,
} from '../apps/platform/src/controller/state.ts';
import { Environment } from '../apps/platform/src/environment.ts';
import { bornAt, type Child } from '../apps/platform/src/runner/child.ts';

/** PostgreSQL alone, for the providers' side of the contract tests; the one at FIELDGUIDE_POSTGRES_URL when that is set. */
export default async function setup(project: TestProject) {
  const attached = process.env.FIELDGUIDE_POSTGRES_URL;
  if (attached) {
    project.provide('postgres', attached);
    return;
  }
  const environment = new Environment('pact');
  await endLeftovers(environment);
  takeEnvironment(environment);
  environment.wipe();
  const { postgresPassword } = environment.secrets([]);
  const spawned = (child: Child) =>
    writeState(environment, {
      pid: process.pid,
      born: bornAt(process.pid)!,
      instances: [],
      services: { ...(child.record && { postgres: child.record }) },
    });
  const ports = await environment.ports(['postgres']);
  const postgres = await startPostgres({
    environment,
    ports,
    postgresPassword,
    choice: undefined,
    say: () => undefined,
    left: undefined,
    spawned,
    signal: new AbortController().signal,
  });
  project.provide('postgres', postgres.url);
  return async () => {
    await postgres.stop();
    giveBack(environment);
  };
}
