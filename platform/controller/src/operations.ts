import { freemem } from 'node:os';
import { appNames, apps, webAppNames, webApps } from '@fieldguide/platform-host/apps';
import {
  type BackingName,
  backingNames,
} from '@fieldguide/platform-host/backing-services/backing-service';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { secondsSince } from '@fieldguide/platform-host/events';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import { waitUntil } from '@fieldguide/platform-host/processes/child';
import type { Scale } from '@fieldguide/platform-model';
import type { DesiredApp } from './desired.ts';
import { readResponse } from './operator-token.ts';
import type { Platform } from './platform.ts';
import { writeSetting } from './provision/settings.ts';
import type { Instance } from './runner/instance.ts';
import { assertScale, changeScale, type ScaleChange, totalOf } from './scale.ts';
import { stageApps } from './stager/stage-stale.ts';
import { linkWebFiles } from './web-files.ts';

/** Less would not hold the code and the connections of any app. */
export const MEMORY_MIN_MB = 128;
const MEMORY_MAX_MB = 4_096;
const MB = 1_048_576;
const HEADROOM = 1.15;
const SETTING_APPLIED_MS = 8_000;
const signals = ['SIGTERM', 'SIGKILL', 'SIGSTOP', 'SIGCONT', 'SIGINT', 'SIGUSR1'] as const;

const isWebApp = (name: string) => webAppNames.includes(name);

type Settings = Record<string, { value: string; source: string; live: boolean }>;

/** Another operation on this app is in progress. */
export class OperationInProgressError extends CliError {}

/**
 * Operations on a running platform. Each changes the desired state, then waits until the reconcilers converge; on failure
 * it restores the previous desired state. One operation per app at a time.
 */
export class Operations {
  readonly #platform: Platform;
  readonly #inProgress = new Map<string, { action: string; sinceMs: number }>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Stages the present sources, or takes an artifact that was staged before; then replaces one instance after the other. */
  push(name: string, force = false): Promise<{ digest: string; fresh: boolean }> {
    const { desired, deployments, events } = this.#platform;
    return this.#exclusively(name, 'pushed', async () => {
      const startMs = performance.now();
      const { digest, sources, version } = await this.#stage(name);
      if (desired.artifact(name).digest === digest) {
        desired.run(name, digest, sources);
        return { digest, fresh: false };
      }
      await deployments.assertDeployable([{ name, digest }], force);
      if (isWebApp(name)) {
        await this.#use(name, digest, sources);
        return { digest, fresh: true };
      }
      events.info(`Pushing ${name} ${version} ${digest.slice(0, 8)}`, { app: name });
      await this.#applyOrRevert(name, () => desired.run(name, digest, sources), { migrate: true });
      const took = `${secondsSince(startMs)} s`;
      events.info(`✓ Pushed ${name} ${digest.slice(0, 8)} (${took})`, { app: name });
      await deployments.record([{ name, digest }]);
      return { digest, fresh: true };
    });
  }

  /** To the artifact that ran before. */
  rollback(name: string, force = false): Promise<{ digest: string }> {
    const { desired, deployments } = this.#platform;
    return this.#exclusively(name, 'rolled back', async () => {
      const [digest] = desired.artifact(name).earlier;
      if (!digest)
        throw new CliError(`${name} has run no other artifact yet.`, `fieldguide push ${name}`);
      await deployments.assertDeployable([{ name, digest }], force);
      if (isWebApp(name)) {
        await this.#use(name, digest);
        return { digest };
      }
      await this.#applyOrRevert(name, () => desired.run(name, digest));
      await deployments.record([{ name, digest }]);
      return { digest };
    });
  }

  /** Serves other static files from now on. */
  async #use(name: string, digest: string, pushedSources?: string): Promise<void> {
    const { deployments, desired, environment, events } = this.#platform;
    desired.run(name, digest, pushedSources);
    linkWebFiles(environment, desired);
    events.info(`✓ ${name} ${digest.slice(0, 8)} is served`, { app: name });
    await deployments.record([{ name, digest }]);
  }

  /** Changes the number of instances and their process types, or the memory of each. */
  scale(
    name: string,
    wanted: { instances?: ScaleChange | undefined; memoryMb?: number | undefined },
  ): Promise<DesiredApp> {
    const { desired } = this.#platform;
    return this.#exclusively(name, 'scaled', async () => {
      const { memoryMb = desired.app(name).memoryMb } = wanted;
      const instances = changeScale(desired.app(name).instances, wanted.instances);
      this.#assertFits(name, instances, memoryMb);
      await this.#applyOrRevert(name, () => desired.change(name, { instances, memoryMb }));
      return desired.app(name);
    });
  }

  /** Restarts every instance, one by one. */
  restart(name: string): Promise<void> {
    const { desired } = this.#platform;
    return this.#exclusively(name, 'restarted', () => {
      const { revision } = desired.app(name);
      return this.#applyOrRevert(name, () => desired.change(name, { revision: revision + 1 }));
    });
  }

  /** Sends a signal to one instance; what follows is the health manager's business. */
  kill(name: string, slot: number, signal: string): Instance {
    const given = parseChoice('signal', signal.toUpperCase(), signals);
    const instance = this.instance(name, slot);
    if (!instance.child.isRunning)
      throw new CliError(`${instance.id} does not run now.`, 'fieldguide status');
    this.#platform.events.info(`${instance.id} gets ${given}`, {
      app: name,
      instance: instance.id,
    });
    instance.child.signal(given);
    return instance;
  }

  /** A setting of one app; undefined takes it away. A live one takes effect immediately, another by a restart. */
  set(name: string, key: string, value: string | undefined): Promise<{ restarted: boolean }> {
    const { desired, environment, backing, events } = this.#platform;
    return this.#exclusively(name, 'configured', async () => {
      const known = await this.settings(name);
      parseChoice(`setting of ${name}`, key, Object.keys(known));
      if (/^(environment|file )/.test(known[key]!.source)) {
        throw new CliError(
          `${key} is set by the platform itself; Consul cannot change it.`,
          'fieldguide env shows where each value comes from',
        );
      }
      const before = desired.app(name);
      const without = ({ [key]: _, ...others }: Record<string, string>) => others;
      const [settings, variables] = [without(before.settings), without(before.variables)];
      const live = known[key]!.live;
      if (value !== undefined) (live ? settings : variables)[key] = value;
      const write = (text: string | undefined) =>
        writeSetting(backing.consul, environment, name, key, text);
      try {
        if (live) {
          desired.change(name, { settings });
          await write(value);
          await this.#waitUntilApplied(name, key, value);
        } else {
          await this.#applyOrRevert(name, () => desired.change(name, { settings, variables }));
          await write(undefined); // earlier versions wrote it to Consul, where apps ignore it
        }
        events.info(`${name}: ${key} ${value === undefined ? 'is unset' : 'is set'}`, {
          app: name,
        });
        return { restarted: !live };
      } catch (error) {
        desired.change(name, { settings: before.settings });
        await write(before.settings[key]);
        throw error;
      }
    });
  }

  /** What an app's settings are, and where each value comes from; secrets masked by the app itself. */
  async settings(name: string): Promise<Settings> {
    this.known(name);
    const running = [...this.#platform.reconcilers.get(name)!.slots.values()].find(
      ({ ready, instance }) => ready && instance.child.isRunning,
    );
    if (!running) throw new CliError(`No instance of ${name} runs now.`, 'fieldguide status');
    // The gateway's port is open to the world, so that its /info is for operators only.
    const signal = AbortSignal.timeout(5_000);
    const response = await this.#platform.asOperator.fetch(`${running.instance.url}/info`, {
      signal,
    });
    const { configuration } = await readResponse<{ configuration: Settings }>(response);
    for (const key of Object.keys(this.#platform.desired.app(name).variables))
      if (configuration[key]) configuration[key].source = 'operator';
    return configuration;
  }

  /** From now on with a debugger's port and source maps; `undefined` ends it. */
  dev(name: string, inspectPort: number | undefined, force = false): Promise<void> {
    const { desired, deployments } = this.#platform;
    return this.#exclusively(name, 'prepared for a debugger', async () => {
      const { digest, sources } = await this.#stage(name, inspectPort !== undefined);
      const isNew = desired.app(name).digest !== digest;
      if (isNew) await deployments.assertDeployable([{ name, digest }], force);
      const change = () => {
        this.#platform.inspect(name, inspectPort);
        if (isNew) desired.run(name, digest, sources);
      };
      await this.#applyOrRevert(name, change, { migrate: true });
      if (isNew) await deployments.record([{ name, digest }]);
    });
  }

  /** Rebuilds a projection; the live one stays in use until the new one replaces it. */
  rebuild(name: string, projection: string): Promise<void> {
    const { events } = this.#platform;
    return this.#exclusively(name, 'rebuilt', async () => {
      const startMs = performance.now();
      events.info(`Rebuilding projection ${projection} of ${name}`, { app: name });
      await this.#platform.task(name, 'rebuild', projection);
      events.info(`✓ Projection ${projection} is rebuilt (${secondsSince(startMs)} s)`, {
        app: name,
      });
    });
  }

  async restartBacking(name: string): Promise<void> {
    const service = parseChoice<BackingName>('backing service', name, backingNames);
    await this.#exclusively(service, 'restarted', () => this.#platform.backing.restart(service));
  }

  /** @param push apps to deploy from their present sources; also the desired state begins again then */
  async reset(push?: readonly string[]): Promise<void> {
    for (const name of push ?? []) this.known(name);
    const [busy] = this.#inProgress;
    if (busy)
      throw new OperationInProgressError(
        `${busy[0]} is being ${busy[1].action}.`,
        'wait until that is done',
      );
    for (const name of appNames) this.#inProgress.set(name, { action: 'reset', sinceMs: 0 });
    try {
      await this.#platform.reset(push);
    } finally {
      this.#inProgress.clear();
    }
  }

  /** @throws CliError that offers the nearest name */
  known(name: string): string {
    return parseChoice('app', name, appNames);
  }

  /** @throws CliError that lists the existing instances */
  instance(name: string, slot: number): Instance {
    const { slots } = this.#platform.reconcilers.get(this.known(name))!;
    const found = slots.get(slot);
    if (found) return found.instance;
    const ids = [...slots.values()].map(({ instance }) => instance.id);
    throw new CliError(
      `There is no instance ${name}/${slot}.`,
      `one of: ${ids.join(', ') || 'none'}`,
    );
  }

  async #stage(name: string, sourceMap = this.#platform.inspectPort(name) !== undefined) {
    const artifacts = await stageApps(
      this.#platform.environment,
      [...apps, ...webApps].filter((app) => app.name === name),
      () => undefined,
      { sourceMap },
    );
    return artifacts.artifacts.get(name)!;
  }

  /** Applies a change; restores the previous state on failure. */
  async #applyOrRevert(
    name: string,
    change: () => void,
    { migrate = false }: { migrate?: boolean } = {},
  ): Promise<void> {
    const { desired, reconcilers, events } = this.#platform;
    const before = structuredClone(desired.app(name));
    const inspectBefore = this.#platform.inspectPort(name);
    change();
    try {
      if (migrate) await this.#platform.provision();
      await reconcilers.get(name)!.converged();
      // Only now: the instance before this one has held the debugger's port until it ended.
      if (this.#platform.inspectPort(name)) {
        const [first] = [...reconcilers.get(name)!.slots.keys()].toSorted((a, b) => a - b);
        if (first !== undefined) this.instance(name, first).child.signal('SIGUSR1');
      }
    } catch (error) {
      if (this.#platform.isStopping) throw error;
      events.warn(`! ${name} goes back to how it was`, { app: name });
      desired.change(name, before);
      this.#platform.inspect(name, inspectBefore);
      await reconcilers
        .get(name)!
        .converged()
        .catch(() => undefined);
      const { message, hint } = error as CliError;
      throw new CliError(`${message}\n${name} is as it was before.`, hint ?? 'npm run logs', error);
    }
  }

  async #waitUntilApplied(name: string, key: string, value: string | undefined): Promise<void> {
    const isApplied = async () => {
      const { source, value: present } = (await this.settings(name))[key] ?? {};
      const own = source?.includes(`/${name}/`) ?? false;
      return value === undefined ? !own : own && present === value;
    };
    if (await waitUntil(isApplied, SETTING_APPLIED_MS)) return;
    throw new CliError(
      `${name} does not take ${key}=${value}: the old value stays.`,
      `fieldguide logs ${name} shows the reason`,
    );
  }

  #assertFits(name: string, scale: Scale, memoryMb: number): void {
    assertScale(apps.find((app) => app.name === name)!, scale);
    const { slots } = this.#platform.reconcilers.get(name)!;
    const used = Math.max(0, ...[...slots.values()].map(({ usage }) => usage?.memoryMb ?? 0));
    const needed = Math.max(MEMORY_MIN_MB, Math.ceil(used * HEADROOM));
    if (!(memoryMb >= needed && memoryMb <= MEMORY_MAX_MB)) {
      const why = used > 0 ? ` An instance uses ${used} MB now.` : '';
      throw new CliError(
        `Cannot limit the memory of ${name} to ${memoryMb} MB.${why}`,
        `a number from ${needed} to ${MEMORY_MAX_MB}`,
      );
    }
    const more = Math.max(0, totalOf(scale) - slots.size);
    const free = Math.round(freemem() / MB);
    if (more * (used || MEMORY_MIN_MB) > free) {
      throw new CliError(
        `${more} more instances of ${name} need about ${more * (used || MEMORY_MIN_MB)} MB; ${free} MB are free.`,
        'fewer instances, or stop other programs',
      );
    }
  }

  async #exclusively<T>(name: string, action: string, work: () => Promise<T>): Promise<T> {
    if (!(backingNames as readonly string[]).includes(name) && !isWebApp(name)) this.known(name);
    void this.#platform.backing; // throws while the platform still starts
    const other = this.#inProgress.get(name);
    if (other) {
      const seconds = Math.round((performance.now() - other.sinceMs) / 1_000);
      throw new OperationInProgressError(
        `${name} is being ${other.action} by another command (for ${seconds} s).`,
        'wait until it ends; fieldguide status shows its progress',
      );
    }
    this.#inProgress.set(name, { action, sinceMs: performance.now() });
    try {
      return await work();
    } finally {
      this.#inProgress.delete(name);
    }
  }
}
