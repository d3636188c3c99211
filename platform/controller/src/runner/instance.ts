import { join } from 'node:path';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Child, type ChildRecord, waitUntil } from '@fieldguide/platform-host/processes/child';
import type { InstanceRecord } from '@fieldguide/platform-host/state';
import { type Artifact, compileCacheOf } from '../stager/stage.ts';

/** What an instance is made of: two with the same spec are interchangeable. */
export interface InstanceSpec {
  readonly artifact: Artifact;
  readonly env: Readonly<Record<string, string>>;
  /** All its memory (RSS), not only the heap. */
  readonly memoryMb: number;
  /** Where it opens a debugger's port when it gets SIGUSR1; for `dev`. */
  readonly inspectPort?: number;
  /** Hash over the above. */
  readonly hash: string;
}

/** What `GET /health/ready` of an app returns. */
interface HealthReport {
  readonly status: string;
  readonly dependencies: Record<string, { state: string; detail?: string }>;
}

const READY_WITHIN_MS = 60_000;
const DEGRADED_IS_READY_AFTER_MS = 5_000;
const PROBE_MS = 1_500;
const HEAP_OF_MEMORY = 0.6;
const SEMI_SPACE_MB_MAX = 16;

/** One running copy of an app, from its artifact. */
export class Instance {
  readonly record: InstanceRecord;
  readonly child: Child;

  private constructor(record: InstanceRecord, child: Child) {
    this.record = record;
    this.child = child;
  }

  static start(
    record: InstanceRecord,
    { artifact, env, memoryMb, inspectPort }: InstanceSpec,
    logFile: string,
  ): Instance {
    const child = Child.spawn({
      name: nameOf(record),
      command: process.execPath,
      args: [...flags(memoryMb, inspectPort), join(artifact.folder, 'main.cjs')],
      cwd: artifact.folder,
      env: {
        ...inheritedEnvironment(),
        NODE_COMPILE_CACHE: compileCacheOf(artifact),
        ...smallMalloc,
        ...env,
        INSTANCE: nameOf(record),
        PORT: String(record.port),
      },
      logFile,
    });
    return new Instance(record, child);
  }

  /** One that was left running by a platform that is gone; undefined when it has ended since. */
  static adopt(record: InstanceRecord & ChildRecord, logFile: string): Instance | undefined {
    const child = Child.adopt(nameOf(record), logFile, record);
    return child && new Instance(record, child);
  }

  /** Returns app and slot, as commands take it: `app/2`. */
  get id(): string {
    return `${this.record.app}/${this.record.slot}`;
  }

  /** Returns its name in the registry and in its logs: `app-2-17`. */
  get name(): string {
    return nameOf(this.record);
  }

  get url(): string {
    return `http://127.0.0.1:${this.record.port}`;
  }

  /**
   * Resolves when everything it depends on is there too, or (a dependency is down) when it is ready regardless.
   * @throws CliError with its last words
   */
  async ready(withinMs = READY_WITHIN_MS): Promise<void> {
    let last = 'it did not answer';
    let degradedSince: number | undefined;
    const ready = await waitUntil(async () => {
      if (!this.child.isRunning) return true;
      const healthReport = await this.health();
      last = healthReport ? JSON.stringify(healthReport.dependencies) : last;
      if (healthReport?.status !== 'degraded') degradedSince = undefined;
      else degradedSince ??= performance.now();
      const degradedMs = performance.now() - (degradedSince ?? Number.POSITIVE_INFINITY);
      return healthReport?.status === 'ok' || degradedMs > DEGRADED_IS_READY_AFTER_MS;
    }, withinMs);
    if (ready && this.child.isRunning) return;
    const what = this.child.isRunning
      ? `is not ready after ${withinMs / 1_000} s: ${last}`
      : `ended (${this.child.outcome})`;
    throw new CliError(
      `${this.id} ${what}. Last output:\n${this.child.recentOutput()}`,
      `read ${this.child.logFile}`,
    );
  }

  /** Readiness with the state of each dependency; undefined when it gives no answer. */
  async health(): Promise<HealthReport | undefined> {
    try {
      const response = await fetch(`${this.url}/health/ready`, {
        signal: AbortSignal.timeout(3_000),
      });
      return (await response.json()) as HealthReport;
    } catch {
      return undefined;
    }
  }

  /** Whether it answers at all: what is frozen does not. */
  async isAlive(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(PROBE_MS);
      return (await fetch(`${this.url}/health/live`, { signal })).ok;
    } catch {
      return false;
    }
  }
}

function nameOf({ app, slot, serial }: InstanceRecord): string {
  return `${app}-${slot}-${serial}`;
}

/**
 * V8's options for an instance with this much memory (RSS). Measured in docs/reference/footprint.md: the space for young
 * objects makes no difference at rest, and a small one costs a busy process a quarter of its CPU or more.
 */
export function heapFlags(memoryMb: number): string[] {
  return [
    `--max-semi-space-size=${Math.max(1, Math.min(SEMI_SPACE_MB_MAX, Math.floor(memoryMb / 16)))}`,
    `--max-old-space-size=${Math.round(memoryMb * HEAP_OF_MEMORY)}`,
  ];
}

function flags(memoryMb: number, inspectPort: number | undefined): string[] {
  return [
    ...heapFlags(memoryMb),
    '--expose-gc', // used once, when it has started
    '--disable-warning=TimeoutNegativeWarning',
    ...(inspectPort ? [`--inspect-port=127.0.0.1:${inspectPort}`, '--enable-source-maps'] : []),
  ];
}

/** One-off: runs a task of the artifact (`migrate`, `seed`) to its end. */
export async function runTask(
  artifact: Artifact,
  task: string,
  env: Readonly<Record<string, string>>,
  logFile: string,
  about?: string,
): Promise<void> {
  const child = Child.spawn({
    name: `${artifact.name} ${task}`,
    command: process.execPath,
    args: [join(artifact.folder, 'main.cjs'), task, ...(about ? [about] : [])],
    cwd: artifact.folder,
    env: {
      ...inheritedEnvironment(),
      NODE_COMPILE_CACHE: compileCacheOf(artifact),
      ...env,
      INSTANCE: `${artifact.name}-${task}`,
      PORT: '0',
    },
    logFile,
  });
  await child.exited;
  if (child.outcome === 'exit code 0') return;
  throw new CliError(
    `${artifact.name} ${task} failed (${child.outcome}). Last output:\n${child.recentOutput()}`,
    `read ${logFile}`,
  );
}

// glibc would keep what argon2 and big buffers have used; so it goes back to the system. No effect elsewhere.
const smallMalloc = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '262144',
  MALLOC_TRIM_THRESHOLD_: '262144',
};

/** What a process needs of ours, and nothing else: a variable of the developer's shell must not change a service. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG, SystemRoot } = process.env;
  return Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR, LANG, SystemRoot }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}
