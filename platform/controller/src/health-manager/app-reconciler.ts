import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '@fieldguide/platform-host/backing-services/backoff';
import type { Events } from '@fieldguide/platform-host/events';
import type { Processes } from '@fieldguide/platform-model';
import type { Instance } from '../runner/instance.ts';
import { assignSlots } from './assign-slots.ts';
import {
  type Action,
  type ActualInstance,
  type DesiredInstances,
  planActions,
} from './plan-actions.ts';

/** What a keeper is given to work with; all about one app. */
export interface ReconcilerContext {
  readonly app: string;
  readonly events: Events;
  readonly desired: () => readonly DesiredInstances[];
  /** Starts an instance as it is wanted now; it need not be ready yet. */
  readonly start: (slot: number, processes: Processes) => Promise<Instance>;
  /** A frozen instance does not answer, and is left in place. */
  readonly isFrozen: (instance: Instance) => boolean;
  /** Removes an instance that ended without deregistration, so that it gets no requests. */
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
const FAILURES_MAX = 3;
const ERROR_PAUSE_MS = 5_000;

/** Keeps the instances of one app as they are wanted: starts, replaces and ends them, and nothing else does. */
export class AppReconciler {
  readonly #context: ReconcilerContext;
  readonly #slots = new Map<number, Slot>();
  /** What is being done about slots. */
  readonly #busy = new Map<number, Action>();
  #waiters: { resolve: () => void; reject: (reason: Error) => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #running = new Set<Promise<void>>();
  /** Replaced, and finishing what they have in hand. */
  readonly #draining = new Set<Instance>();
  #ending = new AbortController();
  #stopped = false;

  constructor(context: ReconcilerContext) {
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
    this.#slots.set(slot, { ...newSlot(instance), ready: true, readyAtMs: performance.now() });
    this.#watch(slot, instance);
  }

  /** Compares and acts; to be called whenever something may have changed. */
  reconcile(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    const now = performance.now();
    const numbers = new Set([...this.#slots.keys(), ...this.#busy.keys()]);
    const actual = [...numbers].map((slot) => this.#observe(slot));
    const actions = planActions(this.#context.desired(), actual, now);
    for (const action of actions) this.#track(this.#execute(action));
    if (actions.length > 0) return;
    const waits = [...this.#slots.values()].filter(({ notBeforeMs }) => notBeforeMs > now);
    const [soonest] = waits.map(({ notBeforeMs }) => notBeforeMs).toSorted((a, b) => a - b);
    if (soonest !== undefined) this.#timer = setTimeout(() => this.reconcile(), soonest - now);
    if (this.hasConverged) this.#resolveWaiters();
  }

  /** Everything is as it is wanted. */
  get hasConverged(): boolean {
    const numbers = [...this.#slots.keys()];
    const wanted = assignSlots(
      this.#context.desired(),
      numbers.map((slot) => this.#observe(slot)),
    );
    return (
      this.#busy.size === 0 &&
      this.#draining.size === 0 &&
      numbers.length === wanted.size &&
      [...this.#slots].every(
        ([slot, { ready, instance }]) =>
          ready && instance.child.isRunning && instance.record.hash === wanted.get(slot)?.hash,
      )
    );
  }

  /** @throws CliError when a new instance does not become ready: the caller restores the previous state */
  converged(): Promise<void> {
    if (this.#stopped) return Promise.reject(new Error('The platform stops.'));
    const converged = new Promise<void>((resolve, reject) =>
      this.#waiters.push({ resolve, reject }),
    );
    this.reconcile();
    return converged;
  }

  /** From a health check. */
  recordProbe(instance: Instance, alive: boolean): void {
    const slot = this.#slots.get(instance.record.slot);
    if (slot?.instance !== instance) return;
    slot.unanswered = alive || this.#context.isFrozen(instance) ? 0 : slot.unanswered + 1;
    if (!alive) this.reconcile();
  }

  recordUsage(instance: Instance, usage: Usage): void {
    const slot = this.#slots.get(instance.record.slot);
    if (slot?.instance !== instance) return;
    slot.usage = usage;
    if (usage.memoryMb > instance.record.memoryMb) this.reconcile();
  }

  /** Ends all; nothing is healed any more until `resume`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ending.abort();
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiters.splice(0)) reject(new Error('The platform stops.'));
    await Promise.all(this.instances.map(({ child }) => child.stop(STOP_MS)));
    await Promise.all(this.#running); // an instance that is starting is stopped by its own task
    this.#slots.clear();
  }

  resume(): void {
    this.#stopped = false;
    this.#ending = new AbortController();
    this.reconcile();
  }

  async #execute(action: Action): Promise<void> {
    const slot = this.#slots.get(action.slot);
    this.#busy.set(action.slot, action);
    try {
      if (action.kind === 'start') await this.#start(action);
      else if (action.kind === 'replace') await this.#replace(slot!, action);
      else if (action.kind === 'kill') await this.#kill(slot!, action.reason);
      else await this.#end(action.slot, slot!);
    } catch (error) {
      await this.#pauseAfterError(error as Error);
    } finally {
      this.#busy.delete(action.slot);
      this.reconcile();
    }
  }

  async #start({ slot: number, processes }: Action): Promise<void> {
    const before = this.#slots.get(number);
    const instance = await this.#context.start(number, processes);
    if (this.#stopped) return instance.child.stop(STOP_MS);
    const slot = before ?? newSlot(instance);
    if (before) slot.restarts += 1;
    Object.assign(slot, { instance, ready: false, unanswered: 0, usage: undefined });
    this.#slots.set(number, slot);
    this.#context.changed();
    this.#watch(number, instance);
    try {
      await instance.ready();
      this.#markReady(slot);
      this.#log(instance, `✓ ${instance.id} is ready${before ? ' again' : ''}`);
    } catch (error) {
      if (this.#stopped) return;
      if (instance.child.isRunning) await instance.child.stop(STOP_MS);
      this.#recordFailure(slot, instance, error as Error, FAILURES_MAX);
    }
  }

  async #replace(slot: Slot, { processes, reason }: Action & { kind: 'replace' }): Promise<void> {
    const old = slot.instance;
    this.#log(old, `${old.id} is replaced: ${reason}`);
    const next = await this.#context.start(old.record.slot, processes);
    if (this.#stopped) return next.child.stop(STOP_MS);
    // Replaced because of itself, not because the desired state changed: that counts as a failure, so that repeats are delayed.
    if (old.record.hash === next.record.hash) countFailure(slot);
    slot.next = next;
    this.#context.changed();
    try {
      await next.ready();
    } catch (error) {
      delete slot.next;
      if (this.#stopped) return;
      await next.child.stop(STOP_MS);
      return this.#recordFailure(slot, next, error as Error, 1);
    }
    Object.assign(slot, { instance: next, unanswered: 0, usage: undefined });
    delete slot.next;
    this.#watch(next.record.slot, next);
    this.#markReady(slot);
    this.#track(this.#drain(old)); // the next one may start meanwhile: this one takes no new requests
    this.#context.changed();
    this.#log(next, `✓ ${next.id} runs ${next.record.digest.slice(0, 8)}`);
  }

  async #drain(old: Instance): Promise<void> {
    this.#draining.add(old);
    await old.child.stop(STOP_MS);
    await this.#context.evict(old);
    this.#draining.delete(old);
    this.reconcile();
  }

  async #kill({ instance }: Slot, reason: string): Promise<void> {
    this.#context.events.warn(`! ${instance.id} is ended: ${reason}`, subjectOf(instance));
    await instance.child.kill();
  }

  async #end(number: number, { instance }: Slot): Promise<void> {
    await instance.child.stop(STOP_MS);
    await this.#context.evict(instance);
    this.#slots.delete(number);
    this.#context.changed();
  }

  #observe(slot: number): ActualInstance {
    const { instance, unanswered = 0, usage, notBeforeMs = 0 } = this.#slots.get(slot) ?? {};
    return {
      slot,
      processes: this.#busy.get(slot)?.processes ?? instance!.record.processes,
      state: instance?.child.isRunning ? 'running' : 'ended',
      busy: this.#busy.has(slot),
      hash: instance?.record.hash ?? '',
      unanswered,
      usedMb: usage?.memoryMb ?? 0,
      limitMb: instance?.record.memoryMb ?? 0,
      notBeforeMs,
    };
  }

  #track(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Sees when an instance ends that should not. */
  #watch(number: number, instance: Instance): void {
    void instance.child.exited.then(async () => {
      const slot = this.#slots.get(number);
      if (this.#stopped || slot?.instance !== instance) return;
      if (!slot.ready) return; // the task that starts it handles this
      countFailure(slot);
      slot.ready = false;
      const { id, child } = instance;
      const { app, evict, events } = this.#context;
      if (this.#busy.get(number)?.kind === 'stop') return;
      events.warn(`! ${id} ended (${child.outcome})${describeRetry(slot)}`, { app, instance: id });
      this.reconcile();
      await evict(instance);
    });
  }

  #markReady(slot: Slot): void {
    slot.ready = true;
    slot.readyAtMs = performance.now();
  }

  #recordFailure(slot: Slot, instance: Instance, error: Error, failuresMax: number): void {
    countFailure(slot);
    const [what] = error.message.split(/ Last output:|\n/);
    this.#context.events.warn(`! ${what}${describeRetry(slot)}`, subjectOf(instance));
    if (slot.failures < failuresMax) return;
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }

  /** After an error before the start (disk full, no port): rejects waiting callers and pauses the slot. */
  async #pauseAfterError(error: Error): Promise<void> {
    const { app, events } = this.#context;
    events.warn(`! ${error.message} Next try in ${ERROR_PAUSE_MS / 1_000} s.`, { app });
    for (const { reject } of this.#waiters.splice(0)) reject(error);
    await sleep(ERROR_PAUSE_MS, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }

  #resolveWaiters(): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  #log(instance: Instance, text: string): void {
    this.#context.events.info(text, subjectOf(instance));
  }
}

function newSlot(instance: Instance): Slot {
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

function describeRetry({ notBeforeMs, failures }: Slot): string {
  const seconds = Math.round((notBeforeMs - performance.now()) / 1_000);
  const again = failures > 2 ? ` It has failed ${failures} times in a row.` : '';
  return `: ${seconds > 0 ? `next try in ${seconds} s.` : 'starting another.'}${again}`;
}

function subjectOf({ id, record: { app } }: Instance) {
  return { app, instance: id };
}
