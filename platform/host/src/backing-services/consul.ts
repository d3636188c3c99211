import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { CliError } from '../cli-error.ts';
import { cacheFolder, writeFileSafely } from '../environment.ts';
import { Child, waitUntil } from '../processes/child.ts';
import { system } from '../system.ts';
import type { BackingService, ProgressListener, StartContext } from './backing-service.ts';
import { attachedConsul, type ConsulAddress, callConsul } from './call-consul.ts';
import { withDebianPackage } from './debian-package.ts';
import { digestOf, download } from './download.ts';

/** The version of HashiCorp's archive, and of the container. */
export const CONSUL_VERSION = '1.21.4';
const HASHICORP = 'https://releases.hashicorp.com/consul';

const cachedFile = join(cacheFolder, process.platform === 'win32' ? 'consul.exe' : 'consul');

interface ConsulProgram {
  readonly command: string;
  readonly origin: string;
}

/** Attaches (`FIELDGUIDE_CONSUL_URL`), else starts Consul from PATH, the cache, HashiCorp's archive or Debian's package, in this order. */
export async function startConsul(context: StartContext): Promise<BackingService> {
  const { choice, report } = context;
  const attached = process.env.FIELDGUIDE_CONSUL_URL;
  if (choice === 'attached' && !attached) {
    throw new CliError(
      'Cannot attach Consul: FIELDGUIDE_CONSUL_URL is not set.',
      'set FIELDGUIDE_CONSUL_URL=http://host:8500',
    );
  }
  if (attached && (choice === undefined || choice === 'attached')) {
    const address = attachedConsul(attached);
    if (!(await hasLeader(address)))
      throw new CliError(
        `Cannot connect to the attached Consul at ${attached}.`,
        'check FIELDGUIDE_CONSUL_URL, and FIELDGUIDE_CONSUL_CACERT for https with an own authority',
      );
    return {
      name: 'Consul',
      version: '',
      origin: 'attached',
      ...address,
      stop: async () => undefined,
    };
  }
  return run(await find(choice, report), context);
}

/** Returns whether Consul is installed or in the cache, and needs no download. */
export function consulInCache(): boolean {
  return Boolean(versionOf('consul') ?? versionOf(cachedFile));
}

async function find(choice: string | undefined, report: ProgressListener): Promise<ConsulProgram> {
  const cached = cachedFile;
  const links: Record<
    string,
    () => Promise<ConsulProgram | undefined> | ConsulProgram | undefined
  > = {
    path: () => (versionOf('consul') ? { command: 'consul', origin: 'on PATH' } : undefined),
    cache: async () =>
      (await isComplete(cached)) && versionOf(cached)
        ? { command: cached, origin: 'cache' }
        : undefined,
    hashicorp: () => fromHashicorp(cached, report),
    debian: () => fromDebian(cached, report),
  };
  const reasons: string[] = [];
  for (const [name, link] of Object.entries(links)) {
    if (choice && choice !== name) continue;
    try {
      const found = await link();
      if (found) return found;
      reasons.push(`${name}: not found`);
    } catch (error) {
      reasons.push(`${name}: ${(error as Error).message}`);
    }
  }
  throw new CliError(
    `Cannot find or download Consul:\n  ${reasons.join('\n  ')}`,
    'install Consul and put it on PATH, or attach one: FIELDGUIDE_CONSUL_URL=http://host:8500',
  );
}

async function fromHashicorp(cached: string, report: ProgressListener): Promise<ConsulProgram> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const archive = `consul_${CONSUL_VERSION}_${system}_${arch}.zip`;
  const sums = await fetch(`${HASHICORP}/${CONSUL_VERSION}/consul_${CONSUL_VERSION}_SHA256SUMS`, {
    signal: AbortSignal.timeout(5_000),
  });
  const hex = (await sums.text())
    .split('\n')
    .find((line) => line.endsWith(archive))
    ?.split(' ')[0];
  if (!sums.ok || !hex) throw new Error(`the release site has no ${archive}`);
  report(`Consul ${CONSUL_VERSION}: downloading from HashiCorp`);
  const file = join(cacheFolder, archive);
  await download(`${HASHICORP}/${CONSUL_VERSION}/${archive}`, file, { algorithm: 'sha256', hex });
  const program = Object.entries(unzipSync(readFileSync(file))).find(([name]) =>
    name.startsWith('consul'),
  );
  if (!program) throw new Error('the archive contains no consul');
  writeFileSync(`${cached}.new`, program[1], { mode: 0o755 });
  await install(cached);
  rmSync(file);
  return { command: cached, origin: 'HashiCorp' };
}

/** Debian 11 was the last release with Consul. */
async function fromDebian(cached: string, report: ProgressListener): Promise<ConsulProgram> {
  report('Consul: downloading the Debian package');
  await withDebianPackage('consul', 'bullseye', async (folder) => {
    mkdirSync(cacheFolder, { recursive: true });
    copyFileSync(join(folder, 'usr', 'bin', 'consul'), `${cached}.new`);
    chmodSync(`${cached}.new`, 0o755);
    await install(cached);
  });
  return { command: cached, origin: 'Debian package' };
}

const sumOf = (cached: string) => `${cached}.sha256`;

/** Moves a verified program, which is at `<cached>.new`, into the cache. Writes the checksum first: after a crash in between, the old program does not match. */
export async function install(cached: string): Promise<void> {
  writeFileSafely(sumOf(cached), await digestOf(`${cached}.new`, 'sha256'));
  renameSync(`${cached}.new`, cached);
}

/**
 * Returns whether the cached program matches its checksum; removes it when it does not. A cache of an older version has
 * no checksum: the current one is recorded.
 */
export async function isComplete(cached: string): Promise<boolean> {
  if (!existsSync(cached)) return false;
  const sum = await digestOf(cached, 'sha256');
  if (!existsSync(sumOf(cached))) writeFileSafely(sumOf(cached), sum);
  if (readFileSync(sumOf(cached), 'utf8') === sum) return true;
  rmSync(cached);
  rmSync(sumOf(cached));
  return false;
}

async function run(
  { command, origin }: ConsulProgram,
  { environment, ports, consulToken: token, left, spawned }: StartContext,
): Promise<BackingService> {
  const version = versionOf(command) ?? '';
  const folder = environment.privateFolder('consul');
  const config = join(folder, 'consul.json');
  const logFile = environment.logFile('consul');
  const text = JSON.stringify({
    datacenter: system.name,
    data_dir: join(folder, 'data'),
    server: true,
    bootstrap_expect: 1,
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    ports: {
      http: ports.consul,
      dns: -1,
      grpc: -1,
      server: ports.consulServer,
      serf_lan: ports.consulSerfLan,
      serf_wan: ports.consulSerfWan,
    },
    performance: { raft_multiplier: 1 },
    acl: aclOf(version, token),
    enable_script_checks: false,
    disable_update_check: true,
    log_level: 'WARN',
  });
  const before = existsSync(config) ? readFileSync(config, 'utf8') : text;
  let adopted = left && Child.adopt('consul', logFile, left);
  if (before !== text) {
    await adopted?.stop(5_000, 'SIGINT');
    adopted = undefined;
    if (!keepsData(before, text)) rmSync(join(folder, 'data'), { recursive: true, force: true });
  }
  writeFileSafely(join(folder, 'token'), token, 0o600);
  writeFileSafely(config, text, 0o600);
  const args = ['agent', `-config-file=${config}`];
  const child = adopted ?? Child.spawn({ name: 'consul', command, args, cwd: folder, logFile });
  spawned(child);
  const url = `http://127.0.0.1:${ports.consul}`;
  const ready = await waitUntil(
    async () => !child.isRunning || (await isAccepted({ url, token })),
    30_000,
  );
  if (!ready || !child.isRunning) {
    await child.stop(2_000);
    throw new CliError(
      `Consul failed to start (${child.outcome}). Last output:\n${child.recentOutput()}`,
      `read ${child.logFile}; npm run reset deletes all data and creates a new data folder`,
    );
  }
  return {
    name: 'Consul',
    version,
    origin,
    url,
    token,
    child,
    folder,
    stop: () => child.stop(5_000, 'SIGINT'),
  };
}

/** Nothing without a token; the platform's may do everything. Until 1.11 Consul knew it by another name. */
export function aclOf(version: string, token: string): object {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const management = major === 1 && minor < 11 ? 'master' : 'initial_management';
  return { enabled: true, default_policy: 'deny', tokens: { [management]: token, agent: token } };
}

/**
 * Returns whether Consul can continue with its data. A server on a new port would wait for the vote of its old address.
 * Entries that were registered without a token, or with an earlier one, could not be removed: a dead instance would
 * stay. The next provisioning writes the settings again.
 */
export function keepsData(...configs: string[]): boolean {
  const [before, now] = configs.map((text) => {
    const { ports, acl } = JSON.parse(text) as { ports: { server: number }; acl?: object };
    return JSON.stringify([ports.server, acl]);
  });
  return before === now;
}

/** Consul accepts the token a moment after it has a leader. */
async function isAccepted(consul: ConsulAddress): Promise<boolean> {
  const self = () => callConsul(consul, 'GET', '/v1/acl/token/self');
  return (await hasLeader(consul)) && (await self().catch(() => undefined))?.status === 200;
}

async function hasLeader(consul: ConsulAddress): Promise<boolean> {
  const leader = await callConsul(consul, 'GET', '/v1/status/leader').catch(() => undefined);
  return leader?.status === 200 && leader.text.length > 4;
}

function versionOf(command: string): string | undefined {
  const result = spawnSync(command, ['version'], { encoding: 'utf8', timeout: 5_000 });
  return result.status === 0 ? /v(\d+\.\d+\.\d+)/.exec(result.stdout)?.[1] : undefined;
}
