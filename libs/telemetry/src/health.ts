/** `degraded`: answers go on, something behind is away. `down`: this instance should get no requests. */
export type DependencyState = 'ok' | 'degraded' | 'down';

export interface HealthReport {
  readonly status: DependencyState;
  readonly dependencies: Readonly<Record<string, DependencyVerdict>>;
}

/** `detail` says what is wrong, and on what. */
export interface DependencyVerdict {
  readonly state: DependencyState;
  readonly detail?: string;
}
type CheckResult = DependencyState | DependencyVerdict;
type Check = () => Promise<CheckResult> | CheckResult;

/** What readiness is made of: each lib and service registers the dependency it knows about. */
export class Health {
  readonly #checks = new Map<string, Check>();
  readonly #timeLimitMs: number;
  #draining = false;

  constructor(timeLimitMs = 1_000) {
    this.#timeLimitMs = timeLimitMs;
  }

  register(dependency: string, check: Check): void {
    this.#checks.set(dependency, check);
  }

  /** From now on readiness says `down`, so that no new request is sent here while it finishes the old ones. */
  drain(): void {
    this.#draining = true;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Asks every dependency at once; one that does not answer within the limit counts as down. */
  async report(): Promise<HealthReport> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await this.#run(check)] as const),
    );
    const dependencies = Object.fromEntries(entries);
    const states = entries.map(([, { state }]) => state);
    const worst = (['down', 'degraded'] as const).find((state) => states.includes(state));
    return { status: this.#draining ? 'down' : (worst ?? 'ok'), dependencies };
  }

  async #run(check: Check): Promise<DependencyVerdict> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<CheckResult>((resolve) => {
        timer = setTimeout(
          () => resolve({ state: 'down', detail: 'no answer in time' }),
          this.#timeLimitMs,
        );
      });
      const verdict = await Promise.race([check(), late]);
      return typeof verdict === 'string' ? { state: verdict } : verdict;
    } catch (error) {
      return { state: 'down', detail: (error as Error).message };
    } finally {
      clearTimeout(timer);
    }
  }
}
