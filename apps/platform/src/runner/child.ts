import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

// A log that has grown past this is put aside at the next start; only the one before is kept.
const LOG_BYTES_MAX = 20_000_000;

export interface ChildSettings {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Both outputs go to the end of this file, so that they outlive the platform. */
  readonly logFile: string;
  /** Run as another user of the system (only root can). */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/**
 * A process of ours, in a group of its own: Ctrl-C in the terminal reaches the platform only, which then ends the others
 * in order.
 */
export class Child {
  readonly name: string;
  readonly logFile: string;
  readonly startedAt = new Date();
  readonly #process: ChildProcess;
  readonly #logStart: number;
  readonly exited: Promise<void>;
  /** Set when it has ended: the code, or the signal. */
  outcome: string | undefined;

  constructor({ name, command, args, env = process.env, cwd, logFile, user }: ChildSettings) {
    this.name = name;
    this.logFile = logFile;
    if (existsSync(logFile) && statSync(logFile).size > LOG_BYTES_MAX)
      renameSync(logFile, `${logFile}.old`);
    const log = openSync(logFile, 'a', 0o600);
    this.#logStart = fstatSync(log).size;
    this.#process = spawn(command, [...args], {
      env,
      detached: true,
      stdio: ['ignore', log, log],
      ...(cwd && { cwd }),
      ...user,
    });
    closeSync(log);
    this.exited = new Promise((resolve) => {
      const end = (outcome: string) => {
        this.outcome ??= outcome;
        resolve();
      };
      this.#process.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
      this.#process.once('error', (error) => end(error.message));
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return this.outcome === undefined && this.pid !== undefined;
  }

  /** SIGTERM (or what the program prefers), and SIGKILL for the whole group when that takes too long. */
  async stop(withinMs: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.isRunning) return;
    this.#process.kill(signal);
    const late = new AbortController();
    await Promise.race([
      this.exited,
      sleep(withinMs, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    if (this.isRunning) {
      killGroup(this.pid!);
      await this.exited;
    }
  }

  /** The last lines it wrote, for an error message. */
  lastWords(lines = 12): string {
    if (!existsSync(this.logFile)) return '';
    const said = readFileSync(this.logFile).subarray(this.#logStart).toString();
    return said.trimEnd().split('\n').slice(-lines).join('\n');
  }
}

export function killGroup(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Asks every 50 ms until it is so; the condition decides, not the clock. */
export async function until(
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
