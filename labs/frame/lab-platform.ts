import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OperatorClient } from '@fieldguide/platform-cli/client/operator-client';
import { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Environment, home, root } from '@fieldguide/platform-host/environment';
import { waitUntil } from '@fieldguide/platform-host/processes/child';
import { runningPlatform, stopOrphans } from '@fieldguide/platform-host/state';
import { output } from '@fieldguide/tools/contracts/run';
import { Shop } from './shop.ts';

const START_MS = 180_000;
const STOP_MS = 60_000;
const LINES = 15;
const cli = join(root, 'platform/cli/bin/fieldguide.mjs');

/** Runs the system of a lab in an environment of its own, from the working copy. */
export class LabPlatform {
  readonly environment: Environment;
  readonly #workspace: string;
  readonly #logFile: string;

  constructor(env: string, workspace: string) {
    this.environment = new Environment(env);
    this.#workspace = workspace;
    this.#logFile = join(home, 'labs', `${env}.out`);
  }

  get isRunning(): boolean {
    return runningPlatform(this.environment) !== undefined;
  }

  /**
   * Gives the running system empty data, and these apps the present sources; its backing services stay up.
   * @returns false when it does not run, or cannot do it
   */
  async renew(apps: readonly string[]): Promise<boolean> {
    if (!this.isRunning) return false;
    return this.client.call('POST', '/resets', { push: apps }).then(
      () => true,
      () => false,
    );
  }

  /**
   * Starts with empty data, in the background.
   * @param whenStaged runs beside the rest of the start, as soon as the sources have been read
   * @throws CliError with the last output
   */
  async start(whenStaged: () => Promise<void> = async () => undefined): Promise<void> {
    await this.stop();
    await stopOrphans(this.environment);
    this.environment.wipe();
    rmSync(this.environment.path('desired.json'), { force: true });
    mkdirSync(dirname(this.#logFile), { recursive: true });
    const log = openSync(this.#logFile, 'w');
    const args = [cli, 'start', '--env', this.environment.name, '--force', '--json'];
    const child = spawn(process.execPath, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.#fromWorkspace },
    });
    closeSync(log);
    child.unref();
    const staged = async () => {
      if (await this.#prints('✓ Staged', child)) await whenStaged();
    };
    await Promise.all([this.#ready(child), staged()]);
  }

  async #ready(child: ChildProcess): Promise<void> {
    if (await this.#prints('{"ready":true', child)) return;
    const last = this.#printed.trimEnd().split('\n').slice(-LINES).join('\n');
    throw new CliError(`The lab's system did not start:\n${last}`, 'fieldguide lab doctor');
  }

  /** Waits for a text in the output. @returns false when the process ends before */
  async #prints(text: string, child: ChildProcess): Promise<boolean> {
    const isThere = () => this.#printed.includes(text);
    await waitUntil(() => isThere() || child.exitCode !== null, START_MS);
    return isThere();
  }

  get #printed(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  get #fromWorkspace() {
    return { FIELDGUIDE_HOME: home, FIELDGUIDE_WORKSPACE: this.#workspace };
  }

  /** Builds these apps, or all, so that a start or a push finds them; it reports what cannot be built. */
  async stage(apps: readonly string[] = []): Promise<void> {
    await output(process.execPath, [cli, 'stage', ...apps], { env: this.#fromWorkspace });
  }

  /** Stops the system, if it runs. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    await this.client.call('POST', '/stops');
    if (!(await waitUntil(() => !this.isRunning, STOP_MS)))
      throw new CliError(`"${this.environment.name}" did not stop.`, `read ${this.#logFile}`);
  }

  /** Stages these apps from the working copy and replaces the instances of those that changed. */
  async push(apps: readonly string[]): Promise<void> {
    const push = (app: string) => this.client.call('POST', `/apps/${app}/pushes`, { force: true });
    await Promise.all(apps.map(push));
  }

  get client(): PlatformClient {
    return new PlatformClient(this.environment);
  }

  /** Returns the running system as a check sees it. @throws CliError when it does not run */
  async shop(): Promise<Shop> {
    const operator = new OperatorClient(this.environment, this.client);
    return Shop.open(this.client, operator);
  }
}
