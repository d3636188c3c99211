import { createHash } from 'node:crypto';
import { type App, apps, externalApp, gatewayApp } from '@fieldguide/platform-host/apps';
import type {
  Addresses,
  BackingName,
  BackingServiceOptions,
} from '@fieldguide/platform-host/backing-services/backing-service';
import {
  BackingServices,
  type BackingSettings,
} from '@fieldguide/platform-host/backing-services/backing-services';
import { callConsul } from '@fieldguide/platform-host/backing-services/call-consul';
import { BROKER_ADMINISTRATOR } from '@fieldguide/platform-host/backing-services/kafka';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Environment, Secrets } from '@fieldguide/platform-host/environment';
import { Events, secondsSince } from '@fieldguide/platform-host/events';
import { processStartTime, waitUntil } from '@fieldguide/platform-host/processes/child';
import { freePorts, isFree } from '@fieldguide/platform-host/processes/ports';
import {
  acquireLock,
  type PlatformState,
  releaseLock,
  writeState,
} from '@fieldguide/platform-host/state';
import { system } from '@fieldguide/platform-host/system';
import type { Processes } from '@fieldguide/platform-model';
import { fileFolders } from '@fieldguide/platform-model/derive';
import { Traces } from '@fieldguide/platform-traces/traces';
import { Deployments } from './deployments.ts';
import { DesiredState } from './desired.ts';
import { Faults } from './faults/faults.ts';
import { AppReconciler } from './health-manager/app-reconciler.ts';
import { HealthManager } from './health-manager/health-manager.ts';
import { withKeyFiles, writeKeyFiles } from './keys/key-files.ts';
import { KeyRotation } from './keys/key-rotation.ts';
import { startRotation } from './log-stream/rotate.ts';
import { OperatorRequests } from './operator-token.ts';
import {
  dropEverything,
  mayDropEverything,
  migrate,
  provision,
  provisionConsul,
} from './provision/provision.ts';
import { Instance, type InstanceSpec, runTask } from './runner/instance.ts';
import { instanceEnvironment } from './runner/instance-environment.ts';
import { instancesByProcesses } from './scale.ts';
import { ObjectiveWatch } from './slo/objective-watch.ts';
import { type Artifact, artifactOf } from './stager/stage.ts';
import { stageApps, stageStale } from './stager/stage-stale.ts';
import { waitForRoutes } from './until-routed.ts';
import { linkWebFiles } from './web-files.ts';

export interface PlatformSettings {
  readonly environment: Environment;
  readonly choices: BackingServiceOptions;
  /** Where the gateway should listen; 0 for any free port. */
  readonly gatewayPort: number;
  /** Starts also what contracts speak against; that is logged. */
  readonly force?: boolean;
}

/** One environment, running: the desired state, a keeper for each app, the backing services behind them. */
export class Platform {
  readonly environment: Environment;
  readonly events: Events;
  readonly desired: DesiredState;
  secrets: Secrets;
  readonly reconcilers: ReadonlyMap<string, AppReconciler>;
  readonly health: HealthManager;
  readonly objectives: ObjectiveWatch;
  readonly deployments: Deployments;
  readonly traces: Traces;
  readonly faults: Faults;
  readonly asOperator = new OperatorRequests(this);
  readonly keys = new KeyRotation(this);
  readonly startedAt = new Date();
  readonly #settings: PlatformSettings;
  /** What a platform that was killed has left. */
  readonly #left: PlatformState | undefined;
  #services: PlatformState['services'];
  /** Until then its instances are still its own: a second kill must not orphan them. */
  #tookOver = false;
  readonly #artifacts = new Map<string, Artifact>();
  /** The artifact of each app when the platform started. */
  #atStart: ReadonlyMap<string, Artifact> = new Map();
  readonly publicPorts = new Map<string, number>();
  readonly #inspectPorts = new Map<string, number>();
  #backing: BackingServices | undefined;
  readonly #ending = new AbortController();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  readonly #rotation: { stop(): void };
  apiUrl: string | undefined;

  constructor(settings: PlatformSettings) {
    const { environment } = settings;
    this.#settings = settings;
    this.environment = environment;
    this.events = new Events(environment.logFile('platform'));
    this.#left = acquireLock(environment);
    this.#services = this.#left?.services ?? {};
    this.desired = new DesiredState(environment, (line) => this.events.warn(line));
    this.secrets = environment.secrets(apps.map(({ name }) => name));
    const { events, secrets } = this;
    this.traces = new Traces({ environment, events, token: secrets.tracesToken });
    this.reconcilers = new Map(apps.map((app) => [app.name, this.#reconcilerOf(app)]));
    this.health = new HealthManager(this.reconcilers);
    const { objectives = [] } = system;
    this.objectives = new ObjectiveWatch(objectives, () => this.#readyInstances(), this.asOperator);
    this.#rotation = startRotation(environment.path('logs'));
    this.deployments = new Deployments(this);
    this.faults = new Faults(this);
  }

  /** @throws CliError before everything runs */
  get backing(): BackingServices {
    if (!this.#backing)
      throw new CliError('The platform is still starting.', 'wait until it is ready');
    return this.#backing;
  }

  get gatewayUrl(): string | undefined {
    const port = this.publicPorts.get(gatewayApp);
    return port ? `http://127.0.0.1:${port}` : undefined;
  }

  get providerUrl(): string | undefined {
    const port = externalApp && this.publicPorts.get(externalApp);
    return port ? `http://127.0.0.1:${port}` : undefined;
  }

  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { environment, choices } = this.#settings;
    const { events } = this;
    if (this.#left)
      events.info('The platform before this one was killed: taking over what it left');
    const adopted = this.#adoptable();
    this.#endLeftFaults(adopted);
    const left = this.#left?.services ?? {};
    const { postgresPassword } = this.secrets;
    const consulToken = this.secrets.consul['platform']!;
    const kafkaPassword = environment.brokerPassword(BROKER_ADMINISTRATOR, this.secrets);
    const access = { postgresPassword, kafkaPassword, consulToken };
    const spawned: BackingSettings['spawned'] = (name, record) => {
      this.#services = { ...this.#services, [name]: record };
      this.remember();
    };
    await this.traces.start();
    const { signal } = this.#ending;
    const settings = { environment, ...access, choices, events, left, spawned, signal };
    const [backing, staged] = await Promise.allSettled([
      BackingServices.start(settings),
      stageStale(environment, (line) => events.info(line), signal),
    ]);
    if (backing.status === 'fulfilled') this.#backing = backing.value;
    if (backing.status === 'rejected') throw backing.reason;
    if (staged.status === 'rejected') throw staged.reason;
    this.#atStart = staged.value.artifacts;
    await this.#deploy([...this.#atStart.values()]);
    this.backing.onRestart = (name) => void this.#afterRestart(name);
    await this.#choosePublicPorts(adopted);
    for (const instance of adopted) this.reconcilers.get(instance.record.app)?.adopt(instance);
    this.#tookOver = true;
    this.remember();
    try {
      if (!this.isStopping) await this.provision();
      if (!this.isStopping) await this.#startApps();
    } catch (error) {
      // A lost connection is often noticed before the end of the process behind it.
      if (!(error instanceof CliError))
        await waitUntil(() => this.backing.error !== undefined, 500);
      throw this.backing.error ?? error;
    }
    if (this.isStopping) return;
    this.backing.heal();
    this.health.start();
    this.objectives.start();
    this.keys.start();
  }

  /** Stops apps first, so that they drain; then backing services. May be called at any moment. */
  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      this.#ending.abort();
      this.faults.release();
      this.health.stop();
      this.objectives.stop();
      this.keys.stop();
      this.#rotation.stop();
      await this.#stopApps();
      await this.#starting?.catch(() => undefined); // it has noticed, or does at its next step
      await this.#stopApps();
      this.faults.proxies.closeAll();
      await this.#backing?.stop();
      await this.traces.stop();
      releaseLock(this.environment);
    })();
    return this.#stopping;
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /**
   * Everything again from the beginning: data gone, provisioned, migrated and seeded; the backing services stay up.
   * @param push also the desired state: these apps from their present sources, all others as at the platform's start
   * @throws CliError when the sources of an app cannot be staged; then the apps have been restarted, and no data is gone
   */
  async reset(push?: readonly string[]): Promise<void> {
    await mayDropEverything(this.environment, this.backing);
    await this.faults.stopAll();
    this.events.info('Resetting: apps stop');
    const startMs = performance.now();
    const [staged, stopped] = await Promise.allSettled([this.#stage(push), this.#stopApps()]);
    if (stopped.status === 'rejected') throw stopped.reason;
    if (staged.status === 'fulfilled') {
      await dropEverything(this.environment, this.backing, this.secrets);
      await this.traces.clear();
      if (staged.value) {
        this.desired.clear();
        await this.#deploy(staged.value);
      }
      await this.provision();
      this.events.info(`✓ Clean and seeded again (${secondsSince(startMs)} s)`);
    }
    for (const reconciler of this.reconcilers.values()) reconciler.resume();
    await this.#startApps();
    if (staged.status === 'rejected') throw staged.reason;
  }

  /** Returns the artifacts of the platform's start, but of these apps those of the present sources. */
  async #stage(names: readonly string[] | undefined): Promise<Artifact[] | undefined> {
    if (!names) return undefined;
    const wanted = apps.filter(({ name }) => names.includes(name));
    const report = (line: string) => this.events.info(line);
    const { signal } = this.#ending;
    const { artifacts } = await stageApps(this.environment, wanted, report, { signal });
    return [...new Map([...this.#atStart, ...artifacts]).values()];
  }

  /** Databases, topics and settings; migrations of the artifacts that should run. */
  async provision(): Promise<void> {
    const startMs = performance.now();
    for (const folder of fileFolders(system)) this.environment.privateFolder(folder);
    writeKeyFiles(this.environment, this.secrets);
    await provision(...this.#provisioned());
    const artifacts = new Map(apps.map(({ name }) => [name, this.artifact(name)]));
    const environmentOf = (app: App, role: 'owner' | 'app') => this.#environmentOf(app, role);
    const migrated = await migrate(this.environment, artifacts, environmentOf);
    const what = `databases, topics, access and settings; migrated ${migrated}`;
    this.events.info(`✓ Provisioned ${what} (${secondsSince(startMs)} s)`);
  }

  #provisioned(): Parameters<typeof provision> {
    const given = apps.map(({ name }) => [name, this.desired.app(name).settings]);
    const warn = (line: string) => this.events.warn(`! ${line}`);
    return [this.environment, this.backing, this.secrets, Object.fromEntries(given), warn];
  }

  /** Consul begins without data when another program has taken its port. */
  async #afterRestart(name: BackingName): Promise<void> {
    const provisioned = name === 'consul' ? provisionConsul(...this.#provisioned()) : undefined;
    await provisioned?.catch((error: Error) => this.events.warn(`! ${error.message}`));
    this.reconcile();
  }

  /** A one-off process of the artifact that should run, as the owner of the app's database. */
  async task(name: string, task: string, about: string): Promise<void> {
    const app = apps.find((each) => each.name === name)!;
    const log = this.environment.logFile(`${name}-${task}`);
    await runTask(this.artifact(name), task, this.#environmentOf(app, 'owner'), log, about);
  }

  /** Compares what should be with what is, for every app. */
  reconcile(): void {
    for (const reconciler of this.reconcilers.values()) reconciler.reconcile();
  }

  artifact(name: string): Artifact {
    const { digest = '' } = this.desired.app(name);
    const artifact = this.#artifacts.get(digest) ?? artifactOf(name, digest);
    this.#artifacts.set(digest, artifact);
    return artifact;
  }

  /** For `dev`: from now on instances of the app listen for a debugger there; undefined ends it. */
  inspect(name: string, port: number | undefined): void {
    if (port === undefined) this.#inspectPorts.delete(name);
    else this.#inspectPorts.set(name, port);
  }

  inspectPort(name: string): number | undefined {
    return this.#inspectPorts.get(name);
  }

  /** Kept up to date, so that other commands find us, and that a start after a crash can take over. */
  remember(): void {
    if (this.isStopping) return;
    const instances = [...this.reconcilers.values()].flatMap((reconciler) => reconciler.instances);
    const { postgres, kafka, consul } = this.#backing ?? {};
    const state = {
      pid: process.pid,
      startTime: processStartTime(process.pid) ?? '',
      ...(this.apiUrl && { apiUrl: this.apiUrl }),
      ...(this.gatewayUrl && { gatewayUrl: this.gatewayUrl }),
      ...(this.providerUrl && { providerUrl: this.providerUrl }),
      ...(postgres &&
        kafka &&
        consul && { backing: { postgres: postgres.url, kafka: kafka.url, consul: consul.url } }),
      instances: [
        ...(this.#tookOver ? [] : (this.#left?.instances ?? [])),
        ...instances.flatMap(({ record, child }) =>
          child.record ? [{ ...record, ...child.record }] : [],
        ),
      ],
      services: { ...this.#services, ...this.#backing?.records },
      faults: this.#tookOver ? this.faults.active : (this.#left?.faults ?? []),
    };
    try {
      writeState(this.environment, state);
    } catch (error) {
      this.events.warn(`! ${(error as Error).message}`); // running apps continue
    }
  }

  #readyInstances() {
    return [...this.reconcilers].flatMap(([app, { slots }]) =>
      [...slots.values()]
        .filter(({ ready }) => ready)
        .map(({ instance: { name, url } }) => ({ app, name, url })),
    );
  }

  #reconcilerOf(app: App): AppReconciler {
    const { name } = app;
    return new AppReconciler({
      app: name,
      events: this.events,
      desired: () =>
        instancesByProcesses(this.desired.app(name).instances).map(([processes, instances]) => ({
          processes,
          instances: this.faults.down.has(name) ? 0 : instances,
          hash: this.#specOf(app, processes).hash,
        })),
      isFrozen: (instance) => this.faults.frozen.has(instance.name),
      start: (slot, processes) => this.#startInstance(app, slot, processes),
      evict: (instance) => this.#evict(instance),
      changed: () => this.remember(),
    });
  }

  async #startInstance(app: App, slot: number, processes: Processes): Promise<Instance> {
    const [port] = await freePorts(1);
    const spec = this.#specOf(app, processes);
    const record = {
      app: app.name,
      slot,
      processes,
      serial: this.desired.nextSerial(),
      port: port!,
      hash: spec.hash,
      digest: spec.artifact.digest,
      version: spec.artifact.version,
      startedAt: new Date().toISOString(),
      memoryMb: spec.memoryMb,
    };
    const logFile = this.environment.logFile(`${app.name}-${slot}`);
    const closeEntrance = await this.faults.proxies.enter(app, record.port);
    const instance = Instance.start(record, spec, logFile);
    void instance.child.exited.then(() => closeEntrance?.());
    return instance;
  }

  #specOf(app: App, processes: Processes): InstanceSpec {
    const { memoryMb, revision, variables } = this.desired.app(app.name);
    const artifact = this.artifact(app.name);
    const { proxies } = this.faults;
    const { backing, publicPorts } = proxies.addresses(app);
    const env: Record<string, string> = {
      ...variables,
      ...this.#variables(app, backing, publicPorts),
      ...this.traces.instanceEnv,
      ...proxies.variables(app),
      PROCESSES: processes,
    };
    if (processes === 'worker') delete env['PUBLIC_PORT'];
    const inspectPort = this.#inspectPorts.get(app.name);
    const all = JSON.stringify([artifact.digest, env, memoryMb, revision, inspectPort]);
    const hash = createHash('sha256').update(all).digest('hex').slice(0, 16);
    return { artifact, env, memoryMb, hash, ...(inspectPort && { inspectPort }) };
  }

  /** For one-off processes: no fault concerns them. */
  #environmentOf(app: App, role: 'owner' | 'app'): Record<string, string> {
    const own = this.#variables(app, this.backing, this.publicPorts, role);
    return { ...this.desired.app(app.name).variables, ...own };
  }

  #variables(
    app: App,
    backing: Addresses,
    ports: ReadonlyMap<string, number>,
    role?: 'owner' | 'app',
  ) {
    const { environment, secrets } = this;
    const all = instanceEnvironment(app, environment, backing, secrets, ports, role);
    return withKeyFiles(app.spec, environment, all);
  }

  /** Deregisters a crashed instance; otherwise callers would try it until its check fails. */
  async #evict({ name }: Instance): Promise<void> {
    const gone = callConsul(this.backing.consul, 'PUT', `/v1/agent/service/deregister/${name}`);
    await gone.catch(() => undefined); // Consul is down, or does not know the instance
  }

  /**
   * A start deploys the artifacts of newer sources and keeps a rollback. Earlier artifacts are not checked again: an
   * environment must start after a crash. Recorded first, so that a crash in between repeats the check.
   * @throws CliError when contracts speak against it
   */
  async #deploy(staged: readonly Artifact[]): Promise<void> {
    const newer = staged.filter(({ name, sources }) => {
      const { digest: present, pushedSources } = this.desired.artifact(name);
      return !present || pushedSources !== sources || !isStaged(name, present);
    });
    const incoming = newer.filter(
      ({ name, digest }) => this.desired.artifact(name).digest !== digest,
    );
    await this.deployments.assertDeployable(incoming, this.#settings.force ?? false);
    await this.deployments.record(incoming);
    for (const { name, digest, sources } of newer) this.desired.run(name, digest, sources);
    linkWebFiles(this.environment, this.desired);
  }

  #adoptable(): Instance[] {
    return (this.#left?.instances ?? []).flatMap((record) => {
      const logFile = this.environment.logFile(`${record.app}-${record.slot}`);
      const instance = Instance.adopt(record, logFile);
      return instance ? [instance] : [];
    });
  }

  /**
   * The proxies have ended with the platform before this one, and instances that use them are replaced like outdated
   * ones; a service that was kept down starts. Only a frozen process needs more.
   */
  #endLeftFaults(adopted: readonly Instance[]): void {
    const faults = this.#left?.faults ?? [];
    if (faults.length === 0) return;
    for (const { child } of adopted) child.signal('SIGCONT');
    for (const { id, title } of faults)
      this.events.warn(`! Fault ${id} ends, because its platform was killed: ${title}`);
  }

  async #choosePublicPorts(adopted: readonly Instance[]): Promise<void> {
    const { gatewayPort, environment } = this.#settings;
    const held = new Set(adopted.map(({ record }) => record.app));
    const own = apps.filter(({ hasPublicPort }) => hasPublicPort).map(({ name }) => name);
    const ports = await environment.ports(own.filter((name) => !held.has(name)));
    for (const name of own) this.publicPorts.set(name, ports[name]!);
    const before = this.#left?.gatewayUrl;
    if (held.has(gatewayApp) && before)
      return void this.publicPorts.set(gatewayApp, Number(new URL(before).port));
    if (gatewayPort === 0) return;
    if (await isFree(gatewayPort)) return void this.publicPorts.set(gatewayApp, gatewayPort);
    this.events.warn(
      `! Port ${gatewayPort} is taken by another program; the gateway uses ${ports[gatewayApp]} instead`,
    );
  }

  /** Starts all concurrently: a service tolerates missing dependencies, and reports them in its readiness. */
  async #startApps(): Promise<void> {
    const startMs = performance.now();
    await Promise.all([...this.reconcilers.values()].map((reconciler) => reconciler.converged()));
    const isServing = (name: string) =>
      instancesByProcesses(this.desired.app(name).instances).some(
        ([processes, count]) => processes !== 'worker' && count > 0,
      );
    await waitForRoutes(this.gatewayUrl!, isServing, () => this.isStopping);
    this.events.info(`✓ ${apps.length} apps are ready (${secondsSince(startMs)} s)`);
  }

  async #stopApps(): Promise<void> {
    await Promise.all([...this.reconcilers.values()].map((reconciler) => reconciler.stop()));
    // Taken over from a platform that was killed, and not yet in a keeper's hands.
    for (const { child } of this.#adoptable()) await child.stop(2_000);
  }
}

function isStaged(name: string, digest: string): boolean {
  try {
    return artifactOf(name, digest) !== undefined;
  } catch {
    return false;
  }
}
