import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  appsWithPublicPort,
  fileFolders,
  secrets as secretsOf,
} from '@fieldguide/platform-model/derive';
import { CliError } from './cli-error.ts';
import { freePorts, isFree } from './processes/ports.ts';
import { root, system } from './system.ts';

export { root };
/** Where everything that belongs to this clone is kept. */
export const home = process.env.FIELDGUIDE_HOME ?? join(root, '.fieldguide');

/** Artifacts are the same in every environment. */
export const artifactsFolder = join(home, 'artifacts');

/** One folder for each environment. */
export const environmentsFolder = join(home, 'environments');

/** What was downloaded, once for each user of the machine. */
export const cacheFolder =
  process.env.FIELDGUIDE_CACHE ??
  join(
    process.env.XDG_CACHE_HOME ?? process.env.LOCALAPPDATA ?? join(homedir(), '.cache'),
    'fieldguide',
  );

export interface Secrets {
  readonly postgresPassword: string;
  /** By role: `ordering_owner`, `ordering_app`. */
  readonly roles: Readonly<Record<string, string>>;
  /** By client of identity. */
  readonly clients: Readonly<Record<string, string>>;
  /** By the names that the map binds. */
  readonly named: Readonly<Record<string, string>>;
}

const PORT_NAMES = [
  'postgres',
  'kafka',
  'kafkaController',
  'consul',
  'consulServer',
  'consulSerfLan',
  'consulSerfWan',
  'api',
] as const;
export type PortName = (typeof PORT_NAMES)[number];
/** Those of the platform and the backing services, and of each app with a public port. */
export type Ports = Readonly<Record<PortName, number> & Record<string, number>>;

/** One environment on this machine: its folder, its ports, its secrets. Several can run side by side. */
export class Environment {
  readonly name: string;
  readonly folder: string;

  constructor(name: string) {
    if (!/^[a-z][a-z0-9-]{0,20}$/.test(name)) {
      throw new CliError(
        `"${name}" cannot name an environment.`,
        'small letters, digits and dashes, for example: --env staging',
      );
    }
    this.name = name;
    this.folder = join(environmentsFolder, name);
    try {
      // PostgreSQL may run as another user, who must be able to enter; the folders inside are closed.
      mkdirSync(this.folder, { recursive: true, mode: 0o755 });
      this.privateFolder('logs');
    } catch (error) {
      throw new CliError(
        `The folder ${this.folder} cannot be written: ${(error as Error).message}`,
        'give yourself write access, or set FIELDGUIDE_HOME to another folder',
        error,
      );
    }
  }

  /** The names of those that were ever started on this machine. */
  static all(): string[] {
    if (!existsSync(environmentsFolder)) return [];
    const entries = readdirSync(environmentsFolder, { withFileTypes: true });
    return entries
      .filter((each) => each.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** A folder that only this user can enter, also when an older version has made it. */
  privateFolder(name: string): string {
    const folder = this.path(name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    return folder;
  }

  logFile(process: string): string {
    return this.path('logs', `${process}.log`);
  }

  /** `ordering` in `local`, `e2e_ordering` elsewhere. */
  databaseName(service: string): string {
    const own = service.replaceAll('-', '_');
    return this.name === 'local' ? own : `${this.name.replaceAll('-', '_')}_${own}`;
  }

  /**
   * What marks databases and roles as created by this installation: another machine's environment of the same name,
   * on the same server, has another mark. It lasts as long as `secrets.json`.
   */
  ownerMark({ postgresPassword }: Secrets): string {
    const installation = createHash('sha256').update(`owner:${postgresPassword}`).digest('hex');
    return `fieldguide:${this.name}:${installation.slice(0, 12)}`;
  }

  get topicPrefix(): string {
    return this.name === 'local' ? '' : `${this.name}.`;
  }

  /** Made at random the first time, readable by this user only. */
  secrets(services: readonly string[]): Secrets {
    const file = this.path('secrets.json');
    // Those that the map names lie on the same level as the others.
    const known: Partial<Secrets> & Record<string, unknown> = existsSync(file)
      ? JSON.parse(readFileSync(file, 'utf8'))
      : {};
    const secret = () => randomBytes(24).toString('base64url');
    const named = (names: readonly string[], existing: Readonly<Record<string, string>> = {}) =>
      Object.fromEntries(names.map((name) => [name, existing[name] ?? secret()]));
    const roles = services.flatMap((each) =>
      ['owner', 'app'].map((kind) => `${this.databaseName(each)}_${kind}`),
    );
    const own = [...secretsOf(system)].map(([name, kind]) => [
      name,
      (known[name] as string | undefined) ?? (kind === 'random' ? secret() : es256Key()),
    ]);
    const secrets = {
      postgresPassword: known.postgresPassword ?? secret(),
      roles: named(roles, known.roles),
      clients: named([...services, 'operator'], known.clients),
    };
    const all: Secrets = { ...secrets, named: Object.fromEntries(own) };
    writeFileSafely(file, JSON.stringify({ ...secrets, ...all.named }, null, 2), 0o600);
    return all;
  }

  /**
   * Every port, the same at each start. Those named in `check` are chosen anew when somebody else has taken them; the
   * others are in use by ours.
   */
  async ports(check: readonly string[]): Promise<Ports> {
    const file = this.path('ports.json');
    const read = (): Record<string, number> =>
      existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    const known = read();
    const names = [...PORT_NAMES, ...appsWithPublicPort(system)];
    const candidates = await freePorts(names.length, Object.values(known));
    const changed: Record<string, number> = {};
    for (const [i, name] of names.entries()) {
      const before = known[name];
      const isKept = before && (!check.includes(name) || (await isFree(before)));
      if (!isKept) changed[name] = candidates[i]!;
    }
    const ports = { ...read(), ...changed };
    writeFileSafely(file, JSON.stringify(ports), 0o600);
    return ports as Ports;
  }

  /**
   * Where PostgreSQL's data goes when its user cannot enter our folder. Named after this installation's own secret, so
   * that a new clone in an old place never finds the data of the one before.
   */
  dataFolderOutside(postgresPassword: string): string {
    const hash = createHash('sha256').update(`${this.folder}:${postgresPassword}`).digest('hex');
    return join('/var/lib/fieldguide', hash.slice(0, 12));
  }

  /** Forgets all data; secrets and ports stay. */
  wipe(): void {
    const secrets = this.path('secrets.json');
    if (existsSync(secrets)) {
      const { postgresPassword } = JSON.parse(readFileSync(secrets, 'utf8')) as Secrets;
      rmSync(this.dataFolderOutside(postgresPassword), { recursive: true, force: true });
    }
    for (const part of [
      'postgres',
      'postgres.making',
      'kafka',
      'consul',
      ...fileFolders(system),
      'migrated.json',
    ]) {
      rmSync(this.path(part), { recursive: true, force: true });
    }
  }
}

/** A private key, PEM. */
function es256Key(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * Written beside and renamed, so that a crash or a full disk leaves the old file or the new one.
 * @throws CliError that tells what to do
 */
export function writeFileSafely(file: string, text: string, mode = 0o644): void {
  const temporary = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(temporary, text, { mode, flush: true });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new CliError(
      `${file} cannot be written: ${full ? 'the disk is full' : message}.`,
      full
        ? 'make room on the disk, then run the command again'
        : 'give yourself write access to it',
      error,
    );
  }
}
