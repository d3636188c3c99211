import { startPostgres } from '../../apps/platform/src/backing/postgres.ts';
import {
  endLeftovers,
  giveBack,
  takeEnvironment,
  writeState,
} from '../../apps/platform/src/controller/state.ts';
import { Environment } from '../../apps/platform/src/environment.ts';
import { bornAt, type Child } from '../../apps/platform/src/runner/child.ts';

/** A PostgreSQL of its own for a while; the one at FIELDGUIDE_POSTGRES_URL when that is set. */
export async function openPostgres(name: string): Promise<{ url: string; close(): Promise<void> }> {
  const attached = process.env.FIELDGUIDE_POSTGRES_URL;
  if (attached) return { url: attached, close: async () => undefined };
  const environment = new Environment(name);
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
  const postgres = await startPostgres({
    environment,
    ports: await environment.ports(['postgres']),
    postgresPassword,
    choice: undefined,
    say: () => undefined,
    left: undefined,
    spawned,
    signal: new AbortController().signal,
  });
  return {
    url: postgres.url,
    async close() {
      await postgres.stop();
      giveBack(environment);
    },
  };
}

/** Ends it also when the work fails, or the user wants no more. */
export async function withPostgres<T>(work: (url: string) => Promise<T>): Promise<T> {
  const postgres = await openPostgres('catalogue');
  const stop = () => void postgres.close().finally(() => process.exit(130));
  process.once('SIGINT', stop);
  try {
    return await work(postgres.url);
  } finally {
    process.off('SIGINT', stop);
    await postgres.close();
  }
}
