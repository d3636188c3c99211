import { fileURLToPath } from 'node:url';
import { type App, apps, type WebApp, webApps } from '@fieldguide/platform-host/apps';
import type { ProgressListener } from '@fieldguide/platform-host/backing-services/backing-service';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Environment } from '@fieldguide/platform-host/environment';
import { secondsSince } from '@fieldguide/platform-host/events';
import { Child } from '@fieldguide/platform-host/processes/child';
import { type Artifact, hasSourceMap, staged } from './stage.ts';

const stageMain = fileURLToPath(new URL('./stage-main.ts', import.meta.url));

/** Returns the artifact of every app; rebuilds those whose sources have changed. */
export async function stageStale(
  environment: Environment,
  report: ProgressListener,
  signal: AbortSignal,
): Promise<{ artifacts: Map<string, Artifact> }> {
  const startMs = performance.now();
  const all = [...apps, ...webApps];
  const { artifacts, fresh } = await stageApps(environment, all, report, { signal });
  report(`✓ Staged ${all.length} apps, ${fresh.length} of them new (${secondsSince(startMs)} s)`);
  return { artifacts };
}

/** The bundler runs in a process of its own, and only when something is stale: it would keep two gigabytes of ours. */
export async function stageApps(
  environment: Environment,
  wanted: readonly (App | WebApp)[],
  report: ProgressListener,
  { sourceMap = false, signal }: { sourceMap?: boolean; signal?: AbortSignal } = {},
): Promise<{ artifacts: Map<string, Artifact>; fresh: readonly string[] }> {
  const isCurrent = (artifact?: Artifact) => artifact && (!sourceMap || hasSourceMap(artifact));
  const fresh = wanted.filter((app) => !isCurrent(staged(app))).map(({ name }) => name);
  if (fresh.length > 0) {
    report(`Staging ${fresh.join(', ')}`);
    const args = [stageMain, ...fresh, ...(sourceMap ? ['--source-map'] : [])];
    const logFile = environment.logFile('stage');
    const child = Child.spawn({ name: 'stage', command: process.execPath, args, logFile });
    const end = () => void child.kill();
    signal?.addEventListener('abort', end);
    await child.exited;
    signal?.removeEventListener('abort', end);
    if (child.outcome !== 'exit code 0') {
      throw new CliError(
        `Staging failed. Last output:\n${child.recentOutput()}`,
        `read ${logFile}`,
      );
    }
  }
  const artifacts = new Map<string, Artifact>();
  for (const app of wanted) {
    const artifact = staged(app);
    if (!artifact)
      throw new CliError(`${app.name} changed while it was staged.`, 'run the command again');
    artifacts.set(app.name, artifact);
  }
  return { artifacts, fresh };
}
