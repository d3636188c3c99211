import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { Processes } from '@fieldguide/platform-model';
import type { BackingName } from './backing-services/backing-service.ts';
import { CliError } from './cli-error.ts';
import type { Environment } from './environment.ts';
import { writeFileSafely } from './environment.ts';
import { Child, type ChildRecord, processStartTime } from './processes/child.ts';

/** Identifies an instance, and its process after the platform was killed. */
export interface InstanceRecord {
  readonly app: string;
  /** 1, 2, …: unique in the app, whatever the process type. */
  readonly slot: number;
  readonly processes: Processes;
  /** Increases with every start in the environment: no two instances ever have the same name. */
  readonly serial: number;
  readonly port: number;
  readonly hash: string;
  readonly digest: string;
  readonly version: string;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly memoryMb: number;
}

/** A fault that is active, for other commands and for the next platform after a crash. */
export interface FaultRecord {
  readonly id: number;
  readonly title: string;
  /** ISO 8601 */
  readonly endsAt: string;
}

/**
 * The addresses and processes of a running platform, for other commands and for the next platform after a crash.
 */
export interface PlatformState extends ChildRecord {
  readonly apiUrl?: string;
  readonly gatewayUrl?: string;
  readonly providerUrl?: string;
  /** Addresses with passwords: only this user can read the file. */
  readonly backing?: Readonly<Record<string, string>>;
  readonly instances: readonly (InstanceRecord & ChildRecord)[];
  readonly services: Partial<Readonly<Record<BackingName, ChildRecord>>>;
  readonly faults?: readonly FaultRecord[];
}

const fileOf = (environment: Environment) => environment.path('platform.json');
export const tokenFileOf = (environment: Environment) => environment.path('api-token');

export function readState(environment: Environment): PlatformState | undefined {
  return read(fileOf(environment));
}

/** Returns undefined when the file is missing, or incomplete because its process was just writing it or was killed. */
function read(file: string): PlatformState | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PlatformState;
  } catch {
    return undefined;
  }
}

/** Returns the state of the running platform; undefined when its process no longer runs. */
export function runningPlatform(environment: Environment): PlatformState | undefined {
  const state = readState(environment);
  return state && processStartTime(state.pid) === state.startTime ? state : undefined;
}

/**
 * Acquires the environment for this process.
 * @returns the state that a killed platform left; its processes may still run
 * @throws CliError when another platform runs or starts in it
 */
export function acquireLock(environment: Environment): PlatformState | undefined {
  const file = fileOf(environment);
  const running = runningPlatform(environment);
  if (running) {
    const where = running.gatewayUrl ? ` at ${running.gatewayUrl}` : '';
    throw new CliError(
      `The platform already runs in the environment "${environment.name}"${where} (process ${running.pid}).`,
      'use npm run status to show it, npm run stop to stop it, or --env NAME to start another environment',
    );
  }
  const previous = readState(environment);
  const ownRecord = { pid: process.pid, startTime: processStartTime(process.pid) ?? '' };
  try {
    if (existsSync(file)) moveAside(file, previous);
    const descriptor = openSync(file, 'wx', 0o600);
    const { instances = [], services = {}, faults = [] } = previous ?? {};
    writeSync(descriptor, JSON.stringify({ ...ownRecord, instances, services, faults }));
    closeSync(descriptor);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && code !== 'ENOENT') {
      throw new CliError(
        `Cannot write ${file}: ${message}`,
        'free disk space, or check the permissions of the file and its folder',
        error,
      );
    }
    throw new CliError(
      `The environment "${environment.name}" is already being started by another process.`,
      'wait until it runs, or run npm run stop',
      error,
    );
  }
  return previous;
}

/** Moves the old file away. Of two concurrent starts, the second must not move the new file of the first. */
function moveAside(file: string, previous: PlatformState | undefined): void {
  const asideFile = `${file}.${process.pid}.old`;
  renameSync(file, asideFile);
  const found = read(asideFile);
  if (found?.pid === previous?.pid && found?.startTime === previous?.startTime) {
    rmSync(asideFile);
    return;
  }
  renameSync(asideFile, file);
  throw Object.assign(new Error('another process acquired the lock first'), { code: 'EEXIST' });
}

export function writeState(environment: Environment, state: PlatformState): void {
  writeFileSafely(fileOf(environment), JSON.stringify(state, null, 2), 0o600);
}

/** Kills the processes that a killed platform left running, before their data is deleted. */
export async function stopOrphans(environment: Environment): Promise<void> {
  const { instances = [], services = {} } = readState(environment) ?? {};
  for (const record of [...instances, ...Object.values(services)])
    await Child.adopt('leftover', environment.logFile('platform'), record)?.kill();
}

export function releaseLock(environment: Environment): void {
  rmSync(fileOf(environment), { force: true });
  rmSync(tokenFileOf(environment), { force: true });
}
