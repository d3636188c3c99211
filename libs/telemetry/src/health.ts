/** `degraded`: serves requests, but a dependency is unavailable. `down`: should receive no requests. */
export type DependencyState = 'ok' | 'degraded' | 'down';

export interface HealthReport {
  readonly status: DependencyState;
  readonly dependencies: Readonly<Record<string, DependencyVerdict>>;
}

/** `detail` describes the problem and its subject. */
export interface DependencyVerdict {
  readonly state: DependencyState;
  readonly detail?: string;
}
type CheckResult = DependencyState | DependencyVerdict;
type Check = () => Promise<CheckResult> | CheckResult;

/** Readiness checks: each lib and service registers its dependencies. */
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

  /** Sets readiness to `down`, so that no new requests arrive while the current ones finish. */
  drain(): void {
    this.#draining = true;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Runs all checks concurrently; one that exceeds the time limit counts as down. */
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
          () => resolve({ state: 'down', detail: 'timed out' }),
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
