import {
  burnAlertOf,
  burnRate,
  type Objective,
  runbookOf,
  WINDOW_DAYS,
} from '@fieldguide/platform-model/slo';
import { z } from 'zod';
import type { OperatorRequests } from '../operator-token.ts';
import { type Counters, minus, NONE, plus, readCounters } from './counters.ts';

const SAMPLE_EVERY_MS = 15_000;
const HOUR_MS = 3_600_000;
const TIMEOUT_MS = 2_000;

const BurnRate = z.number().nullable();
export const ObjectiveStatus = z.object({
  name: z.string(),
  summary: z.string(),
  app: z.string(),
  target: z.number(),
  /** Since `measuredSince`, with what the instances had counted before. */
  events: z.number(),
  errors: z.number(),
  /** Good events of all; null without events. */
  ratio: z.number().nullable(),
  /** Share of the error budget of these events; negative when more is spent. */
  budgetLeft: z.number().nullable(),
  /** 1 spends the budget in the window of the objective; null without events. */
  burnRates: z.object({ '5m': BurnRate, '1h': BurnRate }),
  alert: z.string(),
  runbook: z.string(),
});
export const SloReport = z.object({
  windowDays: z.number(),
  measuredSince: z.iso.datetime().nullable(),
  objectives: z.array(ObjectiveStatus),
});
export type SloReport = z.infer<typeof SloReport>;

/** A running instance of an app; a new process has a new name. */
export interface Source {
  readonly app: string;
  readonly name: string;
  readonly url: string;
}

interface Sample {
  readonly atMs: number;
  /** By objective. */
  readonly totals: ReadonlyMap<string, Counters>;
}

/**
 * Counts the events of objectives from the metrics of their apps, every 15 s. Keeps one hour of totals in memory:
 * Prometheus keeps the whole window and evaluates the alerts; this shows the state without one.
 */
export class ObjectiveWatch {
  readonly #objectives: readonly Objective[];
  readonly #sources: () => readonly Source[];
  readonly #now: () => number;
  readonly #requests: Pick<OperatorRequests, 'fetch'>;
  readonly #samples: Sample[] = [];
  readonly #seen = new Map<string, Map<string, Counters>>();
  #timer: NodeJS.Timeout | undefined;
  #sampling: Promise<void> | undefined;
  #since: number | undefined;

  constructor(
    objectives: readonly Objective[],
    sources: () => readonly Source[],
    requests: Pick<OperatorRequests, 'fetch'>,
    now = () => Date.now(),
  ) {
    this.#objectives = objectives;
    this.#sources = sources;
    this.#now = now;
    this.#requests = requests;
  }

  start(): void {
    void this.sample();
    this.#timer = setInterval(() => void this.sample(), SAMPLE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Reads all sources once; concurrent calls share one read. */
  sample(): Promise<void> {
    this.#sampling ??= this.#sample().finally(() => {
      this.#sampling = undefined;
    });
    return this.#sampling;
  }

  async report(): Promise<SloReport> {
    await this.sample();
    return {
      windowDays: WINDOW_DAYS,
      measuredSince: this.#since === undefined ? null : new Date(this.#since).toISOString(),
      objectives: this.#objectives.map((each) => this.#statusOf(each)),
    };
  }

  async #sample(): Promise<void> {
    const apps = new Set(this.#objectives.map(({ app }) => app));
    const sources = this.#sources().filter(({ app }) => apps.has(app));
    const texts = await Promise.all(
      sources.map(async (each) => [each, await this.#read(each)] as const),
    );
    const totals = new Map(this.#samples.at(-1)?.totals);
    for (const [{ app, name }, text] of texts) {
      if (text === undefined) continue; // what it has counted since is in its next sample
      const before = this.#seen.get(name);
      const counted = new Map(
        this.#objectives
          .filter((each) => each.app === app)
          .map((each) => [each.name, readCounters(each, text)]),
      );
      for (const [objective, counters] of counted) {
        const added = minus(counters, before?.get(objective) ?? NONE);
        totals.set(objective, plus(totals.get(objective) ?? NONE, added));
      }
      this.#seen.set(name, counted);
    }
    const running = new Set(sources.map(({ name }) => name));
    for (const name of this.#seen.keys()) if (!running.has(name)) this.#seen.delete(name);
    this.#keep({ atMs: this.#now(), totals });
  }

  /** As an operator: at the gateway, whose port is public, metrics are for operators only. */
  async #read({ url }: Source): Promise<string | undefined> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await this.#requests.fetch(`${url}/metrics`, { signal });
      return response.ok ? await response.text() : undefined;
    } catch {
      return undefined;
    }
  }

  /** One sample is older than an hour: the start of the longest window. */
  #keep(sample: Sample): void {
    this.#since ??= sample.atMs;
    this.#samples.push(sample);
    while ((this.#samples[1]?.atMs ?? sample.atMs) < sample.atMs - HOUR_MS) this.#samples.shift();
  }

  #statusOf(objective: Objective): SloReport['objectives'][number] {
    const { name, summary, app, target } = objective;
    const total = this.#samples.at(-1)?.totals.get(name) ?? NONE;
    const burned = burnRate(objective, total.events, total.errors);
    return {
      name,
      summary,
      app,
      target,
      ...total,
      ratio: total.events > 0 ? 1 - total.errors / total.events : null,
      budgetLeft: burned === undefined ? null : 1 - burned,
      burnRates: {
        '5m': this.#burnRate(objective, 5 * 60_000),
        '1h': this.#burnRate(objective, HOUR_MS),
      },
      alert: burnAlertOf(objective),
      runbook: runbookOf(burnAlertOf(objective)),
    };
  }

  /** Over the window, or as much of it as was measured. */
  #burnRate(objective: Objective, windowMs: number): number | null {
    const last = this.#samples.at(-1);
    const start = last && this.#samples.findLast(({ atMs }) => atMs <= last.atMs - windowMs);
    const [from, to] = [start ?? this.#samples[0], last].map(
      (each) => each?.totals.get(objective.name) ?? NONE,
    );
    const { events, errors } = minus(to!, from!);
    return burnRate(objective, events, errors) ?? null;
  }
}

/** @returns undefined when the instance does not answer */
