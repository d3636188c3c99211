import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { PlatformState } from '@fieldguide/platform-host/state';
import pg from 'pg';

/** The environment that the benchmark starts in a checkout of this repository, and resets before. */
export const OWN_ENVIRONMENT = 'bench';

/** A running system of a checkout of this repository: what the benchmark loads and watches. */
export class Shop {
  readonly folder: string;
  readonly state: PlatformState & { readonly backing: Readonly<Record<string, string>> };
  /** Databases by service. */
  readonly databases: ReadonlyMap<string, pg.Client>;
  readonly #platform: ChildProcess | undefined;

  private constructor(
    folder: string,
    state: Shop['state'],
    databases: Shop['databases'],
    platform?: ChildProcess,
  ) {
    this.folder = folder;
    this.state = state;
    this.databases = databases;
    this.#platform = platform;
  }

  /** @throws Error when no platform runs in this environment of the checkout */
  static async attach(folder: string, env: string, platform?: ChildProcess): Promise<Shop> {
    const state = readState(folder, env);
    if (!state?.gatewayUrl || !state.backing)
      throw new Error(`Nothing runs in the environment "${env}" of ${folder}. Try: npm start`);
    const databases = new Map<string, pg.Client>();
    for (const { app, pid } of state.instances) {
      const own = environmentOf(pid)['DATABASE_URL'];
      if (!own || databases.has(app)) continue;
      const url = new URL(state.backing['postgres']!);
      url.pathname = new URL(own).pathname;
      const client = new pg.Client({ connectionString: url.href, application_name: 'bench' });
      await client.connect();
      databases.set(app, client);
    }
    return new Shop(folder, state as Shop['state'], databases, platform);
  }

  /** Starts the platform of a checkout with empty databases, and waits until all apps are ready. */
  static async start(folder: string, signal: AbortSignal): Promise<Shop> {
    const absolute = resolve(folder);
    rmSync(join(absolute, '.fieldguide/environments', OWN_ENVIRONMENT, 'desired.json'), {
      force: true,
    });
    await run(absolute, signal, 'reset', '--env', OWN_ENVIRONMENT, '--json');
    const options = ['--env', OWN_ENVIRONMENT, '--port', '0', '--force', '--json'];
    const platform = fieldguide(absolute, ['start', ...options]);
    const stop = () => platform.kill('SIGTERM');
    signal.addEventListener('abort', stop);
    const exited = once(platform, 'exit').then(([code]) => {
      throw new Error(`fieldguide start exited with ${code} in ${absolute}`);
    });
    exited.catch(() => undefined);
    await Promise.race([once(createInterface({ input: platform.stdout! }), 'line'), exited]);
    signal.removeEventListener('abort', stop);
    return Shop.attach(absolute, OWN_ENVIRONMENT, platform);
  }

  async query<Row extends object>(service: string, sql: string, values: unknown[] = []) {
    const client = this.databases.get(service);
    if (!client) throw new Error(`${service} has no database`);
    return (await client.query<Row>(sql, values)).rows;
  }

  /** Closes connections, and stops the platform if this benchmark started it. */
  async close(): Promise<void> {
    for (const client of this.databases.values()) await client.end().catch(() => undefined);
    if (!this.#platform || this.#platform.exitCode !== null) return;
    const exited = once(this.#platform, 'exit');
    this.#platform.kill('SIGTERM');
    await exited;
  }
}

async function run(folder: string, signal: AbortSignal, ...args: string[]): Promise<void> {
  const [code] = await once(fieldguide(folder, args), 'exit');
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`fieldguide ${args[0]} exited with ${code} in ${folder}`);
}

/** In its own process group: Ctrl-C reaches the benchmark alone, which stops the platform. */
function fieldguide(folder: string, args: readonly string[]): ChildProcess {
  const main = 'platform/cli/bin/fieldguide.mjs';
  return spawn(process.execPath, [main, ...args], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function readState(folder: string, env: string): PlatformState | undefined {
  const file = join(folder, '.fieldguide/environments', env, 'platform.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PlatformState;
  } catch {
    return undefined;
  }
}

function environmentOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]),
  );
}
