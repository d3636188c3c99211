import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { processStartTime } from '@fieldguide/platform-host/processes/child';
import type { PlatformState } from '@fieldguide/platform-host/state';

/** A platform that the benchmark started. */
export interface Platform {
  readonly state: PlatformState;
  stop(): Promise<void>;
}

/**
 * Starts the platform of a checkout of this repository, and waits until all apps are ready.
 * @param reset deletes the data of the environment before
 */
export async function startPlatform(
  folder: string,
  env: string,
  signal: AbortSignal,
  reset: boolean,
): Promise<Platform> {
  const cwd = resolve(folder);
  const present = readState(cwd, env);
  if (present && processStartTime(present.pid) === present.startTime)
    throw new Error(`The environment "${env}" of ${cwd} already runs: measure it with --running`);
  if (reset && existsSync(folderOf(cwd, env))) {
    rmSync(join(folderOf(cwd, env), 'desired.json'), { force: true });
    const [code] = await once(fieldguide(cwd, ['reset', '--env', env]), 'exit');
    if (code !== 0) throw new Error(`fieldguide reset exited with ${code} in ${cwd}`);
  }
  signal.throwIfAborted();
  const options = ['--env', env, '--port', '0', '--force', '--json'];
  const child = fieldguide(cwd, ['start', ...options]);
  const exit = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exit;
  };
  signal.addEventListener('abort', stop, { once: true });
  const isReady = await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line').then(() => true),
    exit.then(() => false),
  ]);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (!isReady) throw new Error(`fieldguide start failed in ${cwd}`);
  return { state: readState(cwd, env)!, stop };
}

/** Returns undefined when nothing runs in this environment of the checkout. */
export function readState(folder: string, env: string): PlatformState | undefined {
  try {
    return JSON.parse(readFileSync(join(folderOf(folder, env), 'platform.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

const folderOf = (folder: string, env: string) => join(folder, '.fieldguide/environments', env);

/** In its own process group: Ctrl-C reaches the benchmark alone, which stops the platform. */
function fieldguide(cwd: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['platform/cli/bin/fieldguide.mjs', ...args], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
