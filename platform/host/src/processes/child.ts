import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

// Only a child process emits 'exit': an adopted process is polled.
const ADOPTED_POLL_MS = 200;
const UNKNOWN = 'unknown';

export interface ChildSettings {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** stdout and stderr are appended to this file, which outlives the platform. */
  readonly logFile: string;
  /** The user of the operating system to run as; requires root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Identifies a process after the platform was killed; its id alone may belong to a new process by then. */
export interface ChildRecord {
  readonly pid: number;
  /** In the format of the operating system; equal only for the same process. */
  readonly startTime: string;
}

/**
 * A process of the platform in its own process group: Ctrl-C in the terminal reaches only the platform, which then
 * stops the others in order.
 */
export class Child {
  readonly name: string;
  readonly logFile: string;
  readonly pid: number | undefined;
  readonly startedAt: number = Date.now();
  /** Whether an earlier platform process started it. */
  readonly adopted: boolean;
  readonly exited: Promise<void>;
  /** The exit code or signal; undefined while it runs. */
  outcome: string | undefined;
  readonly #logStart: number;

  private constructor(
    name: string,
    logFile: string,
    logStart: number,
    process: { pid: number | undefined; adopted: boolean; ended: Promise<string> },
  ) {
    this.name = name;
    this.logFile = logFile;
    this.#logStart = logStart;
    this.pid = process.pid;
    this.adopted = process.adopted;
    this.exited = process.ended.then((outcome) => {
      this.outcome = outcome;
    });
  }

  static spawn(settings: ChildSettings): Child {
    const { name, command, args, env = process.env, cwd, logFile, user } = settings;
    const log = openSync(logFile, 'a', 0o600);
    const logStart = fstatSync(log).size;
    const options: SpawnOptions = {
      env,
      detached: true,
      stdio: ['ignore', log, log],
      ...(cwd && { cwd }),
      ...user,
    };
    // Its files, like Kafka's segments, are readable by this user only.
    const umask = process.umask(0o077);
    const child = spawn(command, [...args], options);
    process.umask(umask);
    closeSync(log);
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      child.once('error', (error) => resolve(error.message));
    });
    return new Child(name, logFile, logStart, { pid: child.pid, adopted: false, ended });
  }

  /** Takes over the process of this record; undefined when it no longer runs. */
  static adopt(name: string, logFile: string, { pid, startTime }: ChildRecord): Child | undefined {
    if (!isSameProcess({ pid, startTime })) return undefined;
    const untilEnded = async () => {
      while (processStartTime(pid) === startTime) await sleep(ADOPTED_POLL_MS);
      return 'outcome unknown';
    };
    const logStart = existsSync(logFile) ? statSync(logFile).size : 0;
    return new Child(name, logFile, logStart, { pid, adopted: true, ended: untilEnded() });
  }

  get isRunning(): boolean {
    return this.outcome === undefined && this.pid !== undefined;
  }

  get record(): ChildRecord | undefined {
    const startTime = this.isRunning ? processStartTime(this.pid!) : undefined;
    return startTime === undefined ? undefined : { pid: this.pid!, startTime };
  }

  /** Signals the process, not its group. @returns false when it no longer runs */
  signal(signal: NodeJS.Signals): boolean {
    return this.isRunning && send(this.pid!, signal);
  }

  /** Sends SIGTERM (or `signal`); after `withinMs` kills the whole group. */
  async stop(withinMs: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.isRunning) return;
    this.signal(signal);
    const killTimer = new AbortController();
    await Promise.race([
      this.exited,
      sleep(withinMs, undefined, { signal: killTimer.signal }).catch(() => undefined),
    ]);
    killTimer.abort();
    if (this.isRunning) await this.kill();
  }

  /** Kills the process and its group immediately. */
  async kill(): Promise<void> {
    if (this.isRunning) killGroup(this.pid!);
    await this.exited;
  }

  /** Returns its last lines of output since this start, for an error message. */
  recentOutput(lines = 12): string {
    if (!existsSync(this.logFile)) return '';
    const log = readFileSync(this.logFile);
    const start = log.length < this.#logStart ? 0 : this.#logStart; // rotated meanwhile
    const output = log.subarray(start).toString();
    return output.trimEnd().split('\n').slice(-lines).join('\n');
  }
}

/**
 * Returns whether the process of this record still runs. Returns false where the start time is unknown (Windows): the id
 * alone may belong to an unrelated process, which must be neither adopted nor killed.
 */
export function isSameProcess({ pid, startTime }: ChildRecord): boolean {
  return startTime !== UNKNOWN && processStartTime(pid) === startTime;
}

export function killGroup(pid: number): void {
  send(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
}

/** Returns the start time of a process in the system's format; undefined when it does not exist or is a zombie. */
export function processStartTime(pid: number): string | undefined {
  if (!(pid > 0)) return undefined;
  try {
    if (process.platform === 'linux') {
      const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) (?=[A-Z] )/);
      const fields = rest.split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    if (process.platform === 'win32') return send(pid, 0) ? UNKNOWN : undefined;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return true;
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}

/** Checks the condition every 50 ms. @returns false when it was not met in time */
export async function waitUntil(
  condition: () => Promise<boolean> | boolean,
  withinMs: number,
): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (performance.now() < end) {
    if (await condition()) return true;
    await sleep(50);
  }
  return false;
}
