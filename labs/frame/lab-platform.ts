import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OperatorClient } from '@fieldguide/platform-cli/client/operator-client';
import { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Environment, home, root } from '@fieldguide/platform-host/environment';
import { waitUntil } from '@fieldguide/platform-host/processes/child';
import { runningPlatform, stopOrphans } from '@fieldguide/platform-host/state';
import { Shop } from './shop.ts';

const START_MS = 180_000;
const STOP_MS = 60_000;
const LINES = 15;

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

  /** Starts with empty data, in the background. @throws CliError with the last output */
  async start(): Promise<void> {
    await this.stop();
    await stopOrphans(this.environment);
    this.environment.wipe();
    rmSync(this.environment.path('desired.json'), { force: true });
    mkdirSync(dirname(this.#logFile), { recursive: true });
    const output = openSync(this.#logFile, 'w');
    const cli = join(root, 'platform/cli/bin/fieldguide.mjs');
    const args = [cli, 'start', '--env', this.environment.name, '--force', '--json'];
    const child = spawn(process.execPath, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...process.env, FIELDGUIDE_HOME: home, FIELDGUIDE_WORKSPACE: this.#workspace },
    });
    closeSync(output);
    child.unref();
    await this.#ready(child);
  }

  async #ready(child: ChildProcess): Promise<void> {
    const printed = () => readFileSync(this.#logFile, 'utf8');
    const isReady = () => printed().includes('{"ready":true');
    await waitUntil(() => isReady() || child.exitCode !== null, START_MS);
    if (isReady()) return;
    const last = printed().trimEnd().split('\n').slice(-LINES).join('\n');
    throw new CliError(`The lab's system did not start:\n${last}`, 'fieldguide lab doctor');
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
