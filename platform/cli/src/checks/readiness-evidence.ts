import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLogs } from '@fieldguide/platform-controller/log-stream/logs';
import { OperatorRequests, operatorToken } from '@fieldguide/platform-controller/operator-token';
import type { SloReport } from '@fieldguide/platform-controller/slo/objective-watch';
import { artifactOf } from '@fieldguide/platform-controller/stager/stage';
import type { AppStatus, Status } from '@fieldguide/platform-controller/status';
import { appNames } from '@fieldguide/platform-host/apps';
import { type Environment, root } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { burnAlertOf } from '@fieldguide/platform-model/slo';
import type { TraceSummary } from '@fieldguide/platform-traces/trace-queries';
import type { PlatformClient } from '../client/platform-client.ts';

const RESPONSE_TIMEOUT_MS = 5_000;
const TRACE_WITHIN_MS = 10_000;
const POLL_MS = 300;

/** What was gathered about a running environment and the repository. */
export interface ReadinessEvidence {
  /** What the platform has logged, oldest first. */
  readonly events: readonly { readonly time: string; readonly msg: string }[];
  readonly apps: readonly AppStatus[];
  /** Samples in `GET /metrics`, by instance. */
  readonly metrics: ReadonlyMap<string, number>;
  readonly slo: SloReport;
  /** Names of alerts: in the map, in the rules for Prometheus, those of them with a severity, in the runbooks. */
  readonly alerts: Readonly<Record<'wanted' | 'rules' | 'routed' | 'runbooks', readonly string[]>>;
  /** Apps in the trace of a request that was just sent. */
  readonly traced: readonly string[];
  /** Apps whose previous artifact can run again. */
  readonly rollbacks: readonly string[];
  /** Apps with an owner in CODEOWNERS. */
  readonly owned: readonly string[];
  /** Markdown files below `docs`. */
  readonly pages: readonly string[];
}

/** Reads the evidence; sends one sign-in through the public API, to look for its trace. */
export async function readReadiness(
  environment: Environment,
  platform: PlatformClient,
): Promise<ReadinessEvidence> {
  const [{ apps, gatewayUrl }, slo, lines] = await Promise.all([
    platform.call<Status>('GET', '/status'),
    platform.call<SloReport>('GET', '/slo'),
    readLogs(environment, { source: 'platform' }),
  ]);
  const secrets = environment.secrets(appNames);
  const requests = new OperatorRequests({ gatewayUrl, secrets });
  const instances = apps.flatMap((each) => each.instances);
  const metrics = instances.map(
    async ({ id, url }) => [id, await countSamples(requests, `${url}/metrics`)] as const,
  );
  const since = new Date().toISOString();
  await operatorToken(gatewayUrl, secrets.clients['operator']!);
  return {
    events: lines.map(({ text }) => JSON.parse(text)),
    apps,
    metrics: new Map(await Promise.all(metrics)),
    slo,
    alerts: alertNames(),
    traced: await findTrace(platform, since),
    rollbacks: apps.filter(canRollBack).map(({ app }) => app),
    owned: owned(read('.github/CODEOWNERS')),
    pages: globSync('docs/**/*.md', { cwd: root }).toSorted(),
  };
}

async function countSamples(requests: OperatorRequests, url: string): Promise<number> {
  try {
    const response = await requests.fetch(url, {
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    const text = response.ok ? await response.text() : '';
    return text.split('\n').filter((line) => line && !line.startsWith('#')).length;
  } catch {
    return 0;
  }
}

/** Returns the apps in a trace of several apps that began after a time; none when there is no such trace in time. */
async function findTrace(platform: PlatformClient, since: string): Promise<readonly string[]> {
  const until = performance.now() + TRACE_WITHIN_MS;
  while (performance.now() < until) {
    const traces = await platform.call<TraceSummary[]>('GET', '/traces').catch(() => []);
    const found = traces.find(({ apps, startedAt }) => apps.length > 1 && startedAt >= since);
    if (found) return found.apps;
    await sleep(POLL_MS);
  }
  return [];
}

function canRollBack({ app, earlier: [digest] }: AppStatus): boolean {
  try {
    return digest !== undefined && artifactOf(app, digest).digest === digest;
  } catch {
    return false;
  }
}

function alertNames(): ReadinessEvidence['alerts'] {
  const { alerts = [], objectives = [] } = system;
  const [, ...rules] = read('deploy/observability/rules.yml').split('- alert: ');
  const nameOf = (rule: string) => rule.slice(0, rule.indexOf('\n'));
  const isRouted = (rule: string) => /^ +severity: (page|ticket)$/m.test(rule);
  return {
    wanted: [...objectives.map(burnAlertOf), ...alerts.map(({ name }) => name)],
    rules: rules.map(nameOf),
    routed: rules.filter(isRouted).map(nameOf),
    runbooks: [...read('docs/how-to/runbooks.md').matchAll(/^## (\w+)$/gm)].map(
      ([, name]) => name!,
    ),
  };
}

function owned(codeOwners: string): string[] {
  return appNames.filter((app) =>
    new RegExp(`^/?apps/${app}/?\\S*\\s+\\S*@`, 'm').test(codeOwners),
  );
}

function read(path: string): string {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
