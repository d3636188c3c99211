import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { BackingName } from './backing-services/backing-service.ts';
import { CliError } from './cli-error.ts';
import type { Environment } from './environment.ts';
import { writeFileSafely } from './environment.ts';
import { Child, type ChildRecord, processStartTime } from './processes/child.ts';

/** Which copy it is, and what finds it again after the platform was killed. */
export interface InstanceRecord {
  readonly app: string;
  /** 1, 2, … up to the number of instances wanted. */
  readonly slot: number;
  /** Counts every start in the environment, so that no two instances ever have the same name. */
  readonly serial: number;
  readonly port: number;
  readonly hash: string;
  readonly digest: string;
  readonly version: string;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly memoryMb: number;
}

/**
 * What a platform leaves for the other commands to find, and for the platform after it when it is killed: where it is,
 * and which processes are its own.
 */
export interface PlatformState extends ChildRecord {
  readonly apiUrl?: string;
  readonly gatewayUrl?: string;
  readonly providerUrl?: string;
  /** Addresses with passwords: the file is for this user only. */
  readonly backing?: Readonly<Record<string, string>>;
  readonly instances: readonly (InstanceRecord & ChildRecord)[];
  readonly services: Partial<Readonly<Record<BackingName, ChildRecord>>>;
}

const fileOf = (environment: Environment) => environment.path('platform.json');
export const tokenFileOf = (environment: Environment) => environment.path('api-token');

export function readState(environment: Environment): PlatformState | undefined {
  return read(fileOf(environment));
}

/** Undefined when there is none, or none that can be read: it was just being made, by somebody who may be gone. */
function read(file: string): PlatformState | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PlatformState;
  } catch {
    return undefined;
  }
}

/** The running platform, or undefined when there is none, whatever an old file says. */
export function runningPlatform(environment: Environment): PlatformState | undefined {
  const state = readState(environment);
  return state && processStartTime(state.pid) === state.startTime ? state : undefined;
}

/**
 * Takes the environment for this process.
 * @returns what a platform that was killed has left, its processes perhaps still running
 * @throws CliError when another platform has it
 */
export function acquireLock(environment: Environment): PlatformState | undefined {
  const file = fileOf(environment);
  const running = runningPlatform(environment);
  if (running) {
    const where = running.gatewayUrl ? ` at ${running.gatewayUrl}` : '';
    throw new CliError(
      `Fieldguide already runs in the environment "${environment.name}"${where} (process ${running.pid}).`,
      'npm run status; npm run stop ends it; --env NAME starts another beside it',
    );
  }
  const previous = readState(environment);
  const ownRecord = { pid: process.pid, startTime: processStartTime(process.pid) ?? '' };
  try {
    if (existsSync(file)) moveAside(file, previous);
    const descriptor = openSync(file, 'wx', 0o600);
    const { instances = [], services = {} } = previous ?? {};
    writeSync(descriptor, JSON.stringify({ ...ownRecord, instances, services }));
    closeSync(descriptor);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && code !== 'ENOENT') {
      throw new CliError(
        `${file} cannot be written: ${message}`,
        'make room on the disk, or give yourself write access to it',
        error,
      );
    }
    throw new CliError(
      `Another start of "${environment.name}" is under way.`,
      'wait for it, or npm run stop',
      error,
    );
  }
  return previous;
}

/** Of two starts at the same time one gets the old file out of the way; the other must not take the new one for it. */
function moveAside(file: string, previous: PlatformState | undefined): void {
  const asideFile = `${file}.${process.pid}.old`;
  renameSync(file, asideFile);
  const found = read(asideFile);
  if (found?.pid === previous?.pid && found?.startTime === previous?.startTime) {
    rmSync(asideFile);
    return;
  }
  renameSync(asideFile, file);
  throw Object.assign(new Error('somebody else was faster'), { code: 'EEXIST' });
}

export function writeState(environment: Environment, state: PlatformState): void {
  writeFileSafely(fileOf(environment), JSON.stringify(state, null, 2), 0o600);
}

/** Ends what a platform that was killed has left running, before its data are removed. */
export async function stopOrphans(environment: Environment): Promise<void> {
  const { instances = [], services = {} } = readState(environment) ?? {};
  for (const record of [...instances, ...Object.values(services)])
    await Child.adopt('leftover', environment.logFile('platform'), record)?.kill();
}

export function releaseLock(environment: Environment): void {
  rmSync(fileOf(environment), { force: true });
  rmSync(tokenFileOf(environment), { force: true });
}
