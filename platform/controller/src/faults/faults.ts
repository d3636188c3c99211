import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Platform } from '../platform.ts';
import { describeFault, faultOf } from './describe.ts';
import type { Effect, FaultContext } from './effect.ts';
import { FAULTS_MAX, type Fault, type FaultKindName, type FaultRequest } from './fault.ts';
import { type FaultKind, faultKinds } from './fault-kinds.ts';
import { Proxies } from './proxies.ts';

interface ActiveFault {
  readonly id: number;
  readonly request: FaultRequest;
  readonly startedAtMs: number;
  state: Fault['state'];
  effect?: Effect;
  starting: Promise<void>;
  ending?: Promise<void>;
  cancelExpiry?: () => void;
}

/** The clock of faults; replaced in tests. */
export interface FaultClock {
  now(): number;
  /** @returns a function that cancels the call */
  after(ms: number, work: () => void): () => void;
}

const systemClock: FaultClock = {
  now: () => Date.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

type Kinds = { readonly [Kind in FaultKindName]: FaultKind<never> };

/** Starts, lists and ends the faults of one environment. They last for a bounded time, and no longer than the platform. */
export class Faults {
  /** Apps that are kept down. */
  readonly down = new Set<string>();
  /** Names of frozen instances. */
  readonly frozen = new Set<string>();
  readonly proxies: Proxies;
  readonly #platform: FaultContext['platform'] & Pick<Platform, 'remember'>;
  readonly #clock: FaultClock;
  readonly #kinds: Kinds;
  readonly #active = new Map<number, ActiveFault>();
  #serial = 0;
  #isReleased = false;

  constructor(
    platform: FaultContext['platform'] & Pick<Platform, 'remember' | 'publicPorts'>,
    clock: FaultClock = systemClock,
    kinds: Kinds = faultKinds,
  ) {
    this.#platform = platform;
    this.#clock = clock;
    this.#kinds = kinds;
    this.proxies = new Proxies(platform);
  }

  get active(): Fault[] {
    return [...this.#active.values()].map(faultOf);
  }

  /** Resolves when the fault is in effect. @throws CliError when it is not allowed or not possible */
  async start(request: FaultRequest): Promise<Fault> {
    this.#assertAllowed(request);
    const id = ++this.#serial;
    const startedAtMs = this.#clock.now();
    const starting = Promise.withResolvers<void>();
    const fault: ActiveFault = {
      id,
      request,
      startedAtMs,
      state: 'starting',
      starting: starting.promise,
    };
    this.#active.set(id, fault);
    this.#platform.remember();
    try {
      await this.#begin(fault);
    } catch (error) {
      this.#forget(fault);
      throw error;
    } finally {
      starting.resolve();
    }
    return faultOf(fault);
  }

  /** Ends a fault. Resolves when the state is restored. @throws CliError when there is no such fault */
  async stop(id: number): Promise<void> {
    const fault = this.#active.get(id);
    if (!fault)
      throw new CliError(`There is no active fault ${id}.`, 'fieldguide fault list shows them');
    fault.ending ??= this.#end(fault);
    await fault.ending;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#active.keys()].map((id) => this.stop(id)));
  }

  /** Ends what all faults do, when the platform stops: apps drain undisturbed. */
  release(): void {
    this.#isReleased = true;
    for (const { effect, cancelExpiry } of this.#active.values()) {
      cancelExpiry?.();
      effect?.release();
    }
    this.#active.clear();
  }

  async #begin(fault: ActiveFault): Promise<void> {
    const { id, request } = fault;
    const { platform, faults } = { platform: this.#platform, faults: this };
    const end = () => void this.#expire(fault);
    const kind = this.#kinds[request.kind];
    const effect = await kind.start(request as never, { id, platform, faults, end });
    fault.effect = effect;
    if (this.#isReleased) return effect.release();
    const begins = `! Fault ${id} begins: ${describeFault(request)}`;
    this.#platform.events.warn(begins, this.#subjectOf(fault));
    if (kind.isMomentary) return this.#forget(fault);
    fault.state = 'active';
    fault.cancelExpiry = this.#clock.after(request.forSeconds * 1_000, end);
  }

  async #end(fault: ActiveFault): Promise<void> {
    const { id, request } = fault;
    const { events } = this.#platform;
    await fault.starting;
    if (!this.#active.has(id)) return;
    fault.cancelExpiry?.();
    fault.state = 'ending';
    const what = describeFault(request);
    events.info(`Fault ${id} ends: ${what}`, this.#subjectOf(fault));
    fault.effect?.release();
    try {
      await fault.effect?.restore();
      events.info(`✓ Fault ${id} has ended: ${what}`, this.#subjectOf(fault));
    } finally {
      this.#forget(fault);
    }
  }

  async #expire({ id }: ActiveFault): Promise<void> {
    if (!this.#active.has(id)) return;
    await this.stop(id).catch((error: Error) =>
      this.#platform.events.warn(`! Fault ${id} has ended, but: ${error.message}`),
    );
  }

  #forget({ id }: ActiveFault): void {
    this.#active.delete(id);
    this.#platform.remember();
  }

  #subjectOf(fault: ActiveFault) {
    const { app, service } = faultOf(fault);
    return { ...(app && { app }), ...(service && { service }) };
  }

  #assertAllowed({ force }: FaultRequest): void {
    const { environment, isStopping } = this.#platform;
    void this.#platform.backing; // throws while the platform still starts
    if (isStopping) throw new CliError('The platform stops.', 'npm start');
    if (environment.name !== 'local' && !force)
      throw new CliError(
        `Faults are for the environment local; this is ${environment.name}.`,
        '--force starts it here all the same',
      );
    if (this.#active.size >= FAULTS_MAX)
      throw new CliError(
        `Cannot start another fault: ${FAULTS_MAX} are active, which is the maximum.`,
        'fieldguide fault list, then fieldguide fault stop ID',
      );
  }
}
