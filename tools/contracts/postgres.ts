import { startPostgres } from '@fieldguide/platform-host/backing-services/postgres';
import { Environment } from '@fieldguide/platform-host/environment';
import { type Child, processStartTime } from '@fieldguide/platform-host/processes/child';
import { acquireLock, releaseLock, stopOrphans, writeState } from '@fieldguide/platform-host/state';

export interface OpenPostgres {
  readonly url: string;
  /** The id of its first process; undefined when it is attached. */
  readonly pid?: number;
  close(): Promise<void>;
}

/** Starts a temporary PostgreSQL, or attaches the one at FIELDGUIDE_POSTGRES_URL. */
export async function openPostgres(name: string): Promise<OpenPostgres> {
  const attached = process.env.FIELDGUIDE_POSTGRES_URL;
  if (attached) return { url: attached, close: async () => undefined };
  const environment = new Environment(name);
  await stopOrphans(environment);
  acquireLock(environment);
  environment.wipe();
  const { postgresPassword } = environment.secrets([]);
  let pid: number | undefined;
  const spawned = (child: Child) => {
    pid = child.record?.pid;
    writeState(environment, {
      pid: process.pid,
      startTime: processStartTime(process.pid)!,
      instances: [],
      services: { ...(child.record && { postgres: child.record }) },
    });
  };
  const postgres = await startPostgres({
    environment,
    ports: await environment.ports(['postgres']),
    postgresPassword,
    consulToken: '',
    kafkaPassword: '',
    choice: undefined,
    report: () => undefined,
    left: undefined,
    spawned,
    signal: new AbortController().signal,
  });
  return {
    url: postgres.url,
    ...(pid !== undefined && { pid }),
    async close() {
      await postgres.stop();
      releaseLock(environment);
    },
  };
}

/** Runs the work with a PostgreSQL, and stops it also when the work fails or is interrupted. */
export async function withPostgres<T>(work: (url: string, pid?: number) => Promise<T>): Promise<T> {
  const postgres = await openPostgres('catalogue');
  const stop = () => void postgres.close().finally(() => process.exit(130));
  process.once('SIGINT', stop);
  try {
    return await work(postgres.url, postgres.pid);
  } finally {
    process.off('SIGINT', stop);
    await postgres.close();
  }
}
