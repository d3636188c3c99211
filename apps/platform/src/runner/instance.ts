import { join } from 'node:path';
import { Fault } from '../fault.ts';
import type { Artifact } from '../stager/stage.ts';
import { Child, until } from './child.ts';

export interface InstanceSettings {
  /** `ordering-1` */
  readonly id: string;
  readonly artifact: Artifact;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly compileCache: string;
}

// Small heaps keep eight services on a laptop; each flag is explained in docs/adr/0006.
const flags = [
  '--max-semi-space-size=2',
  '--max-old-space-size=256',
  '--disable-warning=TimeoutNegativeWarning',
];

/** One running copy of an app, from its artifact. */
export class Instance {
  readonly id: string;
  readonly artifact: Artifact;
  readonly port: number;
  readonly child: Child;

  constructor({ id, artifact, port, env, logFile, compileCache }: InstanceSettings) {
    this.id = id;
    this.artifact = artifact;
    this.port = port;
    this.child = new Child({
      name: id,
      command: process.execPath,
      args: [...flags, join(artifact.folder, 'main.mjs')],
      cwd: artifact.folder,
      env: {
        ...inherited(),
        NODE_COMPILE_CACHE: compileCache,
        ...smallMalloc,
        ...env,
        INSTANCE: id,
        PORT: String(port),
      },
      logFile,
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when everything it depends on is there too. @throws Fault with its last words */
  async ready(withinMs = 60_000): Promise<void> {
    let last = 'it did not answer';
    const ready = await until(async () => {
      if (!this.child.isRunning) return true;
      const report = await this.#report();
      last = report?.detail ?? last;
      return report?.ready ?? false;
    }, withinMs);
    if (ready && this.child.isRunning) return;
    const what = this.child.isRunning
      ? `is not ready after ${withinMs / 1_000} s: ${last}`
      : `ended (${this.child.outcome})`;
    throw new Fault(
      `${this.id} ${what}. It said:\n${this.child.lastWords()}`,
      `read ${this.child.logFile}`,
    );
  }

  async #report(): Promise<{ ready: boolean; detail: string } | undefined> {
    try {
      const answer = await fetch(`${this.url}/health/ready`, {
        signal: AbortSignal.timeout(3_000),
      });
      const { status, dependencies } = (await answer.json()) as {
        status: string;
        dependencies: object;
      };
      return { ready: status === 'ok', detail: JSON.stringify(dependencies) };
    } catch {
      return undefined;
    }
  }
}

/** One-off: runs a task of the artifact (`migrate`, `seed`) to its end. */
export async function runTask(
  artifact: Artifact,
  task: string,
  env: Readonly<Record<string, string>>,
  logFile: string,
  compileCache: string,
): Promise<void> {
  const child = new Child({
    name: `${artifact.name} ${task}`,
    command: process.execPath,
    args: [join(artifact.folder, 'main.mjs'), task],
    cwd: artifact.folder,
    env: {
      ...inherited(),
      NODE_COMPILE_CACHE: compileCache,
      ...env,
      INSTANCE: `${artifact.name}-${task}`,
      PORT: '0',
    },
    logFile,
  });
  await child.exited;
  if (child.outcome === 'exit code 0') return;
  throw new Fault(
    `${artifact.name} ${task} failed (${child.outcome}). It said:\n${child.lastWords()}`,
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
function inherited(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG, SystemRoot, OTEL_EXPORTER_OTLP_ENDPOINT } = process.env;
  return Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR, LANG, SystemRoot, OTEL_EXPORTER_OTLP_ENDPOINT }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}
