import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
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
import { es256Key, issuerKeys, type Rotation } from './signing-keys.ts';
import { root, system } from './system.ts';

export { root };
/** The folder of all data of this clone. */
export const home = process.env.FIELDGUIDE_HOME ?? join(root, '.fieldguide');

/** Artifacts are shared by all environments. */
export const artifactsFolder = join(home, 'artifacts');

/** One folder for each environment. */
export const environmentsFolder = join(home, 'environments');

/** The downloads, shared by all clones of a user of this machine. */
export const cacheFolder =
  process.env.FIELDGUIDE_CACHE ??
  join(
    process.env.XDG_CACHE_HOME ?? process.env.LOCALAPPDATA ?? join(homedir(), '.cache'),
    'fieldguide',
  );

export interface Secrets {
  readonly postgresPassword: string;
  /** The passwords of Kafka's users derive from it. */
  readonly kafkaSecret: string;
  /** Authenticates the senders of traces. */
  readonly tracesToken: string;
  /** By role: a database's name and `_owner` or `_app`. */
  readonly roles: Readonly<Record<string, string>>;
  /** By OAuth client. */
  readonly clients: Readonly<Record<string, string>>;
  /** Tokens of Consul: the platform's, that of each app, and of Prometheus, which finds the apps there. */
  readonly consul: Readonly<Record<string, string>>;
  /** By their names in the system map. A signing key comes with those of its rotation. */
  readonly named: Readonly<Record<string, string>>;
  /** Of signing keys, by their names. */
  readonly rotations: Readonly<Record<string, Rotation>>;
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
  'traces',
] as const;
export type PortName = (typeof PORT_NAMES)[number];
/** The ports of the platform, the backing services and each app with a public port. */
export type Ports = Readonly<Record<PortName, number> & Record<string, number>>;

/** Manages the folder, ports and secrets of one environment on this machine. Several can run at the same time. */
export class Environment {
  readonly name: string;
  readonly folder: string;

  constructor(name: string) {
    if (!/^[a-z][a-z0-9-]{0,20}$/.test(name)) {
      throw new CliError(
        `"${name}" cannot name an environment.`,
        'use lower-case letters, digits and dashes, for example: --env staging',
      );
    }
    this.name = name;
    this.folder = join(environmentsFolder, name);
    try {
      // PostgreSQL may run as another user, who must be able to traverse this folder; its subfolders are private.
      mkdirSync(this.folder, { recursive: true, mode: 0o755 });
      this.privateFolder('logs');
    } catch (error) {
      throw new CliError(
        `Cannot write to the folder ${this.folder}: ${(error as Error).message}`,
        'check its permissions, or set FIELDGUIDE_HOME to another folder',
        error,
      );
    }
  }

  /** Returns the names of the environments that were ever started on this machine. */
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

  /** Creates a folder with mode 0700, and sets the mode of an existing one. */
  privateFolder(name: string): string {
    const folder = this.path(name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    return folder;
  }

  logFile(process: string): string {
    return this.path('logs', `${process}.log`);
  }

  /** Returns the name of the service in `local`, and with the prefix `e2e_` in the environment `e2e`. */
  databaseName(service: string): string {
    const own = service.replaceAll('-', '_');
    return this.name === 'local' ? own : `${this.name.replaceAll('-', '_')}_${own}`;
  }

  /**
   * Returns the mark of the databases and roles that this installation creates. An environment of the same name on
   * another machine has another mark on the same server. It lasts as long as `secrets.json`.
   */
  ownerMark({ postgresPassword }: Secrets): string {
    const installation = createHash('sha256').update(`owner:${postgresPassword}`).digest('hex');
    return `${system.name}:${this.name}:${installation.slice(0, 12)}`;
  }

  /** Returns the password of a user of Kafka: an app, or the administrator. */
  brokerPassword(user: string, { kafkaSecret }: Pick<Secrets, 'kafkaSecret'>): string {
    return createHmac('sha256', kafkaSecret).update(user).digest('base64url');
  }

  get topicPrefix(): string {
    return this.name === 'local' ? '' : `${this.name}.`;
  }

  /** Reads the secrets; generates missing ones at random. Only this user can read the file. */
  secrets(services: readonly string[]): Secrets {
    const file = this.path('secrets.json');
    // The secrets of the system map are top-level fields, like the others.
    const known: Partial<Secrets> & Record<string, unknown> = existsSync(file)
      ? JSON.parse(readFileSync(file, 'utf8'))
      : {};
    const secret = () => randomBytes(24).toString('base64url');
    const named = (
      names: readonly string[],
      existing: Readonly<Record<string, string>> = {},
      make: () => string = secret,
    ) => Object.fromEntries(names.map((name) => [name, existing[name] ?? make()]));
    const roles = services.flatMap((each) =>
      ['owner', 'app'].map((kind) => `${this.databaseName(each)}_${kind}`),
    );
    const own = Object.fromEntries(
      [...secretsOf(system)].map(([name, kind]) => [
        name,
        (known[name] as string | undefined) ?? (kind === 'random' ? secret() : es256Key()),
      ]),
    );
    const secrets = {
      postgresPassword: known.postgresPassword ?? secret(),
      kafkaSecret: known.kafkaSecret ?? secret(),
      tracesToken: known.tracesToken ?? secret(),
      roles: named(roles, known.roles),
      clients: named([...services, 'operator'], known.clients),
      consul: named([...services, 'platform', 'prometheus'], known.consul, randomUUID),
      rotations: known.rotations ?? {},
    };
    const text = JSON.stringify({ ...secrets, ...own }, null, 2);
    // Not without a change: a command must not overwrite a concurrent rotation of the platform.
    if (text !== JSON.stringify(known, null, 2)) writeFileSafely(file, text, 0o600);
    const joined = Object.entries(own).map(([name, value]) => [
      name,
      value.includes('PRIVATE KEY') ? issuerKeys(value, secrets.rotations[name]) : value,
    ]);
    return { ...secrets, named: Object.fromEntries(joined) };
  }

  /** The signing key of this name and its rotation, in one write. @returns all secrets, changed */
  changeKey(
    services: readonly string[],
    name: string,
    change: (signing: string, rotation: Rotation) => readonly [signing: string, Rotation],
  ): Secrets {
    const { rotations } = this.secrets(services);
    const file = this.path('secrets.json');
    const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    const [signing, rotation] = change(known[name]!, rotations[name] ?? {});
    const changed = { ...known, [name]: signing, rotations: { ...rotations, [name]: rotation } };
    writeFileSafely(file, JSON.stringify(changed, null, 2), 0o600);
    return this.secrets(services);
  }

  /**
   * Returns every port, the same at each start. A port in `check` is replaced when another process uses it; the other
   * ports are in use by processes of this platform.
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
   * Returns the folder of PostgreSQL's data when its user cannot traverse the folder of the environment. The name
   * contains a hash of this installation's secret: a new clone at the same path never finds the data of an old one.
   */
  dataFolderOutside(postgresPassword: string): string {
    const hash = createHash('sha256').update(`${this.folder}:${postgresPassword}`).digest('hex');
    return join(`/var/lib/${system.name}`, hash.slice(0, 12));
  }

  /** Deletes all data; secrets and ports stay. */
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
      'traces',
      ...fileFolders(system),
      'migrated.json',
    ]) {
      rmSync(this.path(part), { recursive: true, force: true });
    }
  }
}

/**
 * Writes a temporary file and renames it: a crash or a full disk leaves either the old file or the new one.
 * @throws CliError with what to try
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
        ? 'free disk space, then run the command again'
        : 'check the permissions of the file and its folder',
      error,
    );
  }
}
