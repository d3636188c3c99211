import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import type { Environment } from '../environment.ts';
import { writeFileSafely } from '../environment.ts';
import { Fault } from '../fault.ts';
import { isAlive, killGroup } from '../runner/child.ts';

/** What a running platform leaves for the other commands to find: where it is, and a token to talk to it. */
export interface PlatformState {
  readonly pid: number;
  readonly controlPort: number;
  readonly controlToken: string;
  readonly gatewayUrl?: string;
  readonly providerUrl?: string;
  readonly backing?: Readonly<Record<string, string>>;
  /** Every process of ours, so that a start after a crash can end what was left behind. */
  readonly children: readonly { readonly pid: number; readonly command: string }[];
}

const fileOf = (environment: Environment) => environment.path('platform.json');

export function readState(environment: Environment): PlatformState | undefined {
  const file = fileOf(environment);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PlatformState;
  } catch {
    return undefined; // it was just being made
  }
}

/** The running platform, or undefined when there is none, whatever an old file says. */
export function runningPlatform(environment: Environment): PlatformState | undefined {
  const state = readState(environment);
  return state && isPlatform(state.pid) ? state : undefined;
}

/**
 * Takes the environment for this process. What a killed platform left running is ended first.
 * @throws Fault when another platform has it
 */
export function takeEnvironment(environment: Environment): void {
  const file = fileOf(environment);
  const running = runningPlatform(environment);
  if (running) {
    const where = running.gatewayUrl ? ` at ${running.gatewayUrl}` : '';
    throw new Fault(
      `Fieldguide already runs in the environment "${environment.name}"${where} (process ${running.pid}).`,
      'npm run status; npm run stop ends it; --env NAME starts another beside it',
    );
  }
  for (const { pid, command } of readState(environment)?.children ?? []) {
    if (isAlive(pid) && commandOf(pid).includes(command)) killGroup(pid);
  }
  rmSync(file, { force: true });
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    writeSync(
      descriptor,
      JSON.stringify({ pid: process.pid, controlPort: 0, controlToken: '', children: [] }),
    );
    closeSync(descriptor);
  } catch (error) {
    throw new Fault(
      `Another start of "${environment.name}" is under way.`,
      'wait for it, or npm run stop',
      error,
    );
  }
}

export function writeState(environment: Environment, state: PlatformState): void {
  writeFileSafely(fileOf(environment), JSON.stringify(state, null, 2), 0o600);
}

export function giveBack(environment: Environment): void {
  rmSync(fileOf(environment), { force: true });
}

/** A process id alone may have been given to somebody else since. */
function isPlatform(pid: number): boolean {
  return isAlive(pid) && (pid === process.pid || commandOf(pid).includes('fieldguide'));
}

function commandOf(pid: number): string {
  try {
    if (process.platform === 'win32') return 'fieldguide';
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
