import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type LogLine, readLogs } from '@fieldguide/platform-controller/log-stream/logs';
import { OperatorRequests } from '@fieldguide/platform-controller/operator-token';
import { type Artifact, artifactOf, digestOf } from '@fieldguide/platform-controller/stager/stage';
import type { AppStatus, InstanceStatus, Status } from '@fieldguide/platform-controller/status';
import { type App, appNames } from '@fieldguide/platform-host/apps';
import { backingNames } from '@fieldguide/platform-host/backing-services/backing-service';
import { attachedConsul, callConsul } from '@fieldguide/platform-host/backing-services/call-consul';
import { type Environment, root, type Secrets } from '@fieldguide/platform-host/environment';
import { type ProcessEvidence, processEvidence } from './process-evidence.ts';

const RESPONSE_TIMEOUT_MS = 5_000;
const ALONE_TIMEOUT_MS = 20_000;
const runFile = promisify(execFile);

/** What an instance returns from `/info`. */
interface Info {
  readonly instance: string;
  readonly commit: string;
  readonly digest: string;
  readonly startedAt: string;
  readonly configuration: Readonly<
    Record<string, { readonly value: string; readonly source: string }>
  >;
}

export interface InstanceEvidence extends InstanceStatus {
  readonly info: Info | undefined;
  /** Its address in the registry. */
  readonly registered: string | undefined;
  readonly process: ProcessEvidence | undefined;
  readonly logFile: string;
  /** What it has written to its standard output since its start. */
  readonly log: readonly string[];
}

/** What was gathered about one app: its artifact, its release, its instances. */
export interface AppEvidence extends Pick<AppStatus, 'app' | 'wantedInstances' | 'earlier'> {
  readonly uses: App['spec']['uses'];
  readonly artifact: Pick<Artifact, 'commit' | 'digest' | 'folder'>;
  readonly isCommitKnown: boolean;
  /** Computed from the files of the artifact. */
  readonly measuredDigest: string;
  /** Names of secrets and addresses of this environment that occur in the files of the artifact. */
  readonly valuesInside: readonly string[];
  /** Its output when a copy of it starts in an empty folder, without environment. */
  readonly alone: string;
  readonly dependencies: readonly {
    readonly name: string;
    readonly declared: string;
    readonly locked: string | undefined;
  }[];
  /** Backing services that it uses: here, and in the containers. */
  readonly services: readonly {
    readonly name: string;
    readonly version: string;
    readonly inContainers: string | undefined;
  }[];
  /** Of the artifact whose one-off process migrated the database last. */
  readonly migratedBy: string | undefined;
  readonly instances: readonly InstanceEvidence[];
}

/** The entries of Consul, by the name of the instance. */
type Registry = Record<string, { Address: string; Port: number } | undefined>;

/** Reads evidence about apps of a running environment; changes nothing. */
export class AppEvidenceReader {
  readonly #environment: Environment;
  readonly #status: Status;
  readonly #operator: OperatorRequests;
  readonly #consulTokens: Secrets['consul'];
  readonly #values: Readonly<Record<string, string>>;

  constructor(environment: Environment, status: Status) {
    this.#environment = environment;
    this.#status = status;
    const secrets = environment.secrets(appNames);
    this.#operator = new OperatorRequests({ gatewayUrl: status.gatewayUrl, secrets });
    const { postgresPassword, kafkaSecret, tracesToken, roles, clients, named } = secrets;
    this.#consulTokens = secrets.consul;
    const tokens = Object.entries(secrets.consul).map(([name, token]) => [`${name} token`, token]);
    const addresses = status.services.map(({ name, address }) => [`address of ${name}`, address]);
    this.#values = {
      ...{ postgresPassword, kafkaSecret, tracesToken, ...roles, ...clients, ...named },
      ...Object.fromEntries([...addresses, ...tokens]),
    };
  }

  async read(app: App): Promise<AppEvidence> {
    const status = this.#status.apps.find((each) => each.app === app.name)!;
    const artifact = artifactOf(app.name, status.digest);
    const registry = await this.#registry(app);
    const lines = await readLogs(this.#environment, { source: app.name });
    const migrated = this.#environment.path('migrated.json');
    return {
      ...status,
      uses: app.spec.uses,
      artifact,
      isCommitKnown: await isCommitKnown(artifact.commit),
      measuredDigest: digestOf(artifact.folder),
      valuesInside: valuesInside(artifact.folder, this.#values),
      alone: await startAlone(artifact.folder),
      dependencies: dependenciesOf(app),
      services: this.#servicesOf(app),
      migratedBy: existsSync(migrated)
        ? JSON.parse(readFileSync(migrated, 'utf8'))[app.name]
        : undefined,
      instances: await Promise.all(
        status.instances.map((instance) => this.#instance(instance, registry, lines)),
      ),
    };
  }

  async #instance(
    instance: InstanceStatus,
    registry: Registry,
    lines: readonly LogLine[],
  ): Promise<InstanceEvidence> {
    const { id, name, pid, url } = instance;
    const source = id.replace('/', '-');
    const info = await this.#info(url);
    const registered = registry[name];
    const texts = lines.filter((each) => each.source === source);
    return {
      ...instance,
      info,
      registered: registered && `http://${registered.Address}:${registered.Port}`,
      process: processEvidence(pid),
      logFile: this.#environment.logFile(source),
      log: linesSince(texts, info?.startedAt ?? '').map(({ text }) => text),
    };
  }

  async #info(url: string): Promise<Info | undefined> {
    try {
      const signal = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
      const response = await this.#operator.fetch(`${url}/info`, { signal });
      return response.ok ? ((await response.json()) as Info) : undefined;
    } catch {
      return undefined;
    }
  }

  async #registry({ name }: App): Promise<Registry> {
    const { url } = this.#status.services.find(({ service }) => service === 'consul')!;
    const consul = { ...attachedConsul(url), token: this.#consulTokens[name]! };
    return JSON.parse((await callConsul(consul, 'GET', '/v1/agent/services')).text);
  }

  #servicesOf({ hasDatabase, hasMessaging }: App): AppEvidence['services'] {
    const isUsed = { postgres: hasDatabase, kafka: hasMessaging, consul: true };
    const file = join(root, 'docker-compose.yml');
    const images = existsSync(file) ? imageVersions(readFileSync(file, 'utf8')) : {};
    return this.#status.services
      .filter(({ service }) => isUsed[service as keyof typeof isUsed])
      .map(({ service, name, version }) => ({ name, version, inContainers: images[service] }));
  }
}

/** Returns the lines after the last event before a time; a line that is no event has no time of its own. */
export function linesSince(lines: readonly LogLine[], since: string): readonly LogLine[] {
  return lines.slice(
    lines.findLastIndex(({ text, time }) => text.startsWith('{') && time < since) + 1,
  );
}

/** Returns the versions of the backing services' images in a compose file. */
export function imageVersions(compose: string): Record<string, string | undefined> {
  const versionOf = (name: string) =>
    new RegExp(`^  ${name}:\\n    image: \\S+:(\\d[\\d.]*)`, 'm').exec(compose)?.[1];
  return Object.fromEntries(backingNames.map((name) => [name, versionOf(name)]));
}

async function isCommitKnown(commit: string): Promise<boolean> {
  const object = `${commit.replace(/-dirty$/, '')}^{commit}`;
  return runFile('git', ['cat-file', '-e', object], { cwd: root }).then(
    () => true,
    () => false,
  );
}

/** Returns the names of values that occur in a file of a folder. */
export function valuesInside(folder: string, values: Readonly<Record<string, string>>): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'));
  // Of a key with several lines, the longest line.
  const longest = (value: string) => value.split('\n').toSorted((a, b) => b.length - a.length)[0]!;
  return Object.keys(values).filter((name) =>
    texts.some((text) => text.includes(longest(values[name]!))),
  );
}

/** Starts a copy of an artifact where no package and no variable of this machine is in reach. */
export async function startAlone(artifact: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldguide-alone-'));
  try {
    cpSync(artifact, folder, { recursive: true });
    const { SystemRoot } = process.env; // without it Node does not start on Windows
    const env = { ...(SystemRoot && { SystemRoot }) } as NodeJS.ProcessEnv;
    const options = { cwd: folder, env, timeout: ALONE_TIMEOUT_MS };
    const output = await runFile(process.execPath, ['main.cjs'], options).catch((error) => error);
    return `${output.stdout}${output.stderr}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The packages that an app declares, as the lock file has them; without those of the workspace. */
function dependenciesOf({ name: app, folder }: App): AppEvidence['dependencies'] {
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
  const { dependencies = {} } = read(join(folder, 'package.json'));
  const { packages } = read(join(root, 'package-lock.json'));
  return Object.entries<string>(dependencies).flatMap(([name, declared]) => {
    const entry =
      packages[`apps/${app}/node_modules/${name}`] ?? packages[`node_modules/${name}`] ?? {};
    return entry.link ? [] : [{ name, declared, locked: entry.integrity && entry.version }];
  });
}
