import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '@fieldguide/platform-host/backing-services/backoff';
import type { Events } from '@fieldguide/platform-host/events';
import type { Instance } from '../runner/instance.ts';
import { nextSteps, type Seen, type Step, type Wanted } from './next-steps.ts';

/** What a keeper is given to work with; all about one app. */
export interface KeeperContext {
  readonly app: string;
  readonly events: Events;
  readonly wanted: () => Wanted;
  /** Starts an instance as it is wanted now; it need not be ready yet. */
  readonly start: (slot: number) => Promise<Instance>;
  /** Takes what ended without saying so out of the registry, so that nobody is sent there. */
  readonly evict: (instance: Instance) => Promise<void>;
  /** The instances are others than before: to be remembered, in case the platform is killed. */
  readonly changed: () => void;
}

export interface Usage {
  readonly cpuPercent: number;
  readonly memoryMb: number;
}

interface Slot {
  instance: Instance;
  /** On its way to take over. */
  next?: Instance;
  ready: boolean;
  readyAtMs: number;
  restarts: number;
  /** In a row. */
  failures: number;
  notBeforeMs: number;
  unanswered: number;
  usage?: Usage;
}

// Longer than an instance takes at most to finish what it has in hand.
const STOP_MS = 12_000;
// Who ran that long is not in a crash loop.
const STABLE_AFTER_MS = 60_000;
const GIVE_UP_AFTER = 3;
const CANNOT_MS = 5_000;

/** Keeps the instances of one app as they are wanted: starts, replaces and ends them, and nothing else does. */
export class AppKeeper {
  readonly #context: KeeperContext;
  readonly #slots = new Map<number, Slot>();
  /** Numbers of slots that something is being done about. */
  readonly #busy = new Set<number>();
  #waiting: { resolve: () => void; reject: (reason: Error) => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #inHand = new Set<Promise<void>>();
  #ending = new AbortController();
  #stopped = false;

  constructor(context: KeeperContext) {
    this.#context = context;
  }

  get slots(): ReadonlyMap<number, Readonly<Slot>> {
    return this.#slots;
  }

  /** All that run, also those on their way in. */
  get instances(): readonly Instance[] {
    return [...this.#slots.values()].flatMap(({ instance, next }) => [
      ...(instance.child.isRunning ? [instance] : []),
      ...(next ? [next] : []),
    ]);
  }

  /** Takes over an instance that a platform before this one has left running. */
  adopt(instance: Instance): void {
    const { slot } = instance.record;
    if (this.#slots.has(slot)) return void instance.child.kill();
    this.#slots.set(slot, { ...fresh(instance), ready: true, readyAtMs: performance.now() });
    this.#watch(slot, instance);
  }

  /** Compares and acts; to be called whenever something may have changed. */
  turn(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    const now = performance.now();
    const numbers = new Set([...this.#slots.keys(), ...this.#busy]);
    const seen = [...numbers].map((slot) => this.#see(slot));
    const steps = nextSteps(this.#context.wanted(), seen, now);
    for (const step of steps) {
      const taken = this.#take(step).finally(() => this.#inHand.delete(taken));
      this.#inHand.add(taken);
    }
    if (steps.length > 0) return;
    const waits = [...this.#slots.values()].filter(({ notBeforeMs }) => notBeforeMs > now);
    const [soonest] = waits.map(({ notBeforeMs }) => notBeforeMs).toSorted((a, b) => a - b);
    if (soonest !== undefined) this.#timer = setTimeout(() => this.turn(), soonest - now);
    if (this.isSettled) this.#release();
  }

  /** Everything is as it is wanted. */
  get isSettled(): boolean {
    const { instances, hash } = this.#context.wanted();
    const all = [...this.#slots.values()];
    return (
      this.#busy.size === 0 &&
      all.length === instances &&
      all.every(
        ({ ready, instance }) => ready && instance.child.isRunning && instance.record.hash === hash,
      )
    );
  }

  /** @throws CliError when a new instance does not become ready: whoever wanted it has to want something else then */
  settled(): Promise<void> {
    if (this.#stopped) return Promise.reject(new Error('The platform stops.'));
    const settled = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.turn();
    return settled;
  }

  /** From a health check. */
  heard(instance: Instance, alive: boolean): void {
    const slot = this.#slots.get(instance.record.slot);
    if (slot?.instance !== instance) return;
    slot.unanswered = alive ? 0 : slot.unanswered + 1;
    if (!alive) this.turn();
  }

  measured(instance: Instance, usage: Usage): void {
    const slot = this.#slots.get(instance.record.slot);
    if (slot?.instance !== instance) return;
    slot.usage = usage;
    if (usage.memoryMb > instance.record.memoryMb) this.turn();
  }

  /** Ends all; nothing is healed any more until `resume`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ending.abort();
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('The platform stops.'));
    await Promise.all(this.instances.map(({ child }) => child.stop(STOP_MS)));
    await Promise.all(this.#inHand); // one that was just being started is ended by whoever starts it
    this.#slots.clear();
  }

  resume(): void {
    this.#stopped = false;
    this.#ending = new AbortController();
    this.turn();
  }

  async #take(step: Step): Promise<void> {
    const slot = this.#slots.get(step.slot);
    this.#busy.add(step.slot);
    try {
      if (step.kind === 'start') await this.#start(step.slot);
      else if (step.kind === 'replace') await this.#replace(slot!, step.why);
      else if (step.kind === 'kill') await this.#kill(slot!, step.why);
      else await this.#end(step.slot, slot!);
    } catch (error) {
      await this.#cannot(error as Error);
    } finally {
      this.#busy.delete(step.slot);
      this.turn();
    }
  }

  async #start(number: number): Promise<void> {
    const before = this.#slots.get(number);
    const instance = await this.#context.start(number);
    if (this.#stopped) return instance.child.stop(STOP_MS);
    const slot = before ?? fresh(instance);
    if (before) slot.restarts += 1;
    Object.assign(slot, { instance, ready: false, unanswered: 0, usage: undefined });
    this.#slots.set(number, slot);
    this.#context.changed();
    this.#watch(number, instance);
    try {
      await instance.ready();
      this.#isReady(slot);
      this.#tell(instance, `✓ ${instance.id} is ready${before ? ' again' : ''}`);
    } catch (error) {
      if (this.#stopped) return;
      if (instance.child.isRunning) await instance.child.stop(STOP_MS);
      this.#failed(slot, instance, error as Error, GIVE_UP_AFTER);
    }
  }

  async #replace(slot: Slot, why: string): Promise<void> {
    const old = slot.instance;
    this.#tell(old, `${old.id} is replaced: ${why}`);
    // Replaced because of itself, not because another is wanted: that counts as a failure, lest it goes on and on.
    if (old.record.hash === this.#context.wanted().hash) countFailure(slot);
    const next = await this.#context.start(old.record.slot);
    if (this.#stopped) return next.child.stop(STOP_MS);
    slot.next = next;
    this.#context.changed();
    try {
      await next.ready();
    } catch (error) {
      delete slot.next;
      if (this.#stopped) return;
      await next.child.stop(STOP_MS);
      return this.#failed(slot, next, error as Error, 1);
    }
    Object.assign(slot, { instance: next, unanswered: 0, usage: undefined });
    delete slot.next;
    this.#watch(next.record.slot, next);
    this.#isReady(slot);
    this.#context.changed();
    await old.child.stop(STOP_MS);
    await this.#context.evict(old);
    this.#tell(next, `✓ ${next.id} runs ${next.record.digest.slice(0, 8)}`);
  }

  async #kill({ instance }: Slot, why: string): Promise<void> {
    this.#context.events.warn(`! ${instance.id} is ended: ${why}`, aboutOf(instance));
    await instance.child.kill();
  }

  async #end(number: number, { instance }: Slot): Promise<void> {
    await instance.child.stop(STOP_MS);
    await this.#context.evict(instance);
    this.#slots.delete(number);
    this.#context.changed();
  }

  #see(slot: number): Seen {
    const { instance, unanswered = 0, usage, notBeforeMs = 0 } = this.#slots.get(slot) ?? {};
    return {
      slot,
      state: instance?.child.isRunning ? 'running' : 'ended',
      busy: this.#busy.has(slot),
      hash: instance?.record.hash ?? '',
      unanswered,
      usedMb: usage?.memoryMb ?? 0,
      limitMb: instance?.record.memoryMb ?? 0,
      notBeforeMs,
    };
  }

  /** Sees when an instance ends that should not. */
  #watch(number: number, instance: Instance): void {
    void instance.child.exited.then(async () => {
      const slot = this.#slots.get(number);
      if (this.#stopped || slot?.instance !== instance) return;
      if (!slot.ready) return; // whoever starts it hears of it
      countFailure(slot);
      slot.ready = false;
      const { id, child } = instance;
      const { app, evict, events } = this.#context;
      if (this.#busy.has(number) && number > this.#context.wanted().instances) return;
      events.warn(`! ${id} ended (${child.outcome})${nextTry(slot)}`, { app, instance: id });
      this.turn();
      await evict(instance);
    });
  }

  #isReady(slot: Slot): void {
    slot.ready = true;
    slot.readyAtMs = performance.now();
  }

  #failed(slot: Slot, instance: Instance, error: Error, giveUpAfter: number): void {
    countFailure(slot);
    const [what] = error.message.split(/ It said:|\n/);
    this.#context.events.warn(`! ${what}${nextTry(slot)}`, aboutOf(instance));
    if (slot.failures < giveUpAfter) return;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** It could not even be tried: no room on the disk, no port. Whoever waits is told, and the slot rests for a while. */
  async #cannot(error: Error): Promise<void> {
    const { app, events } = this.#context;
    events.warn(`! ${error.message} Next try in ${CANNOT_MS / 1_000} s.`, { app });
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    await sleep(CANNOT_MS, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }

  #release(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #tell(instance: Instance, text: string): void {
    this.#context.events.info(text, aboutOf(instance));
  }
}

function fresh(instance: Instance): Slot {
  return {
    instance,
    ready: false,
    readyAtMs: 0,
    restarts: 0,
    failures: 0,
    notBeforeMs: 0,
    unanswered: 0,
  };
}

function countFailure(slot: Slot): void {
  const now = performance.now();
  if (slot.ready && now - slot.readyAtMs > STABLE_AFTER_MS) slot.failures = 0;
  slot.failures += 1;
  slot.notBeforeMs = now + backoffMs(slot.failures);
}

function nextTry({ notBeforeMs, failures }: Slot): string {
  const seconds = Math.round((notBeforeMs - performance.now()) / 1_000);
  const again = failures > 2 ? ` It has failed ${failures} times in a row.` : '';
  return `: ${seconds > 0 ? `next try in ${seconds} s.` : 'starting another.'}${again}`;
}

function aboutOf({ id, record: { app } }: Instance) {
  return { app, instance: id };
}
