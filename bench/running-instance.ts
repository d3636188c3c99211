// Variants of an instance that runs on the platform: the same artifact and environment, with differences to measure.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Environment } from '@fieldguide/platform-host/environment';
import { readState } from '@fieldguide/platform-host/state';

const KB = 1_024;

export interface RunningInstance {
  readonly env: Readonly<Record<string, string>>;
  /** The main file of the artifact. */
  readonly main: string;
}

/**
 * Reads environment and main file of a running instance, so that variants differ from it in what is measured only.
 * @throws Error when the app does not run
 */
export function runningInstance(app: string): RunningInstance {
  const instance = readState(new Environment('local'))?.instances.find((each) => each.app === app);
  if (!instance) throw new Error(`No ${app} runs. Try: npm start`);
  const command = readFileSync(`/proc/${instance.pid}/cmdline`, 'utf8').split('\0');
  return {
    env: environmentOf(instance.pid),
    main: command.find((part) => part.endsWith('main.cjs'))!,
  };
}

/** Returns the environment variables of a process. */
export function environmentOf(pid: number): Readonly<Record<string, string>> {
  const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  const at = (line: string) => line.indexOf('=');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, at(line)), line.slice(at(line) + 1)]),
  );
}

export interface StartedVariant {
  readonly pid: number;
  readonly port: number;
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** Starts a variant, and resolves when it serves requests. */
export async function startVariant(
  main: string,
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<StartedVariant> {
  const begun = performance.now();
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child: ChildProcess = spawn(process.execPath, [...flags, main], { env, stdio: [...stdio] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${main} exited with ${code}`)));
    child.stdout!.on('data', (chunk: Buffer) => {
      const ready = /"port":(\d+).*is ready/.exec(chunk.toString());
      if (ready) resolve(Number(ready[1]));
    });
  });
  return {
    pid: child.pid!,
    port,
    readyMs: performance.now() - begun,
    stop: async () => {
      child.kill('SIGTERM'); // Node writes the compile cache at exit
      await exited;
    },
  };
}

/** Memory of a process in MB: all, and what belongs to it alone. */
export function memoryOf(pid: number): { readonly rssMb: number; readonly ownMb: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mb = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1]) / KB;
  return { rssMb: mb('Rss'), ownMb: mb('Private_Dirty') + mb('Private_Clean') };
}
