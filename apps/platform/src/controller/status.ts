import { existsSync, readFileSync } from 'node:fs';
import type { Platform } from './platform.ts';

export interface Status {
  readonly environment: string;
  readonly gatewayUrl: string;
  readonly instances: readonly InstanceStatus[];
  readonly backing: readonly { name: string; version: string; origin: string; url: string }[];
}
export interface InstanceStatus {
  readonly id: string;
  readonly health: string;
  readonly version: string;
  readonly digest: string;
  readonly url: string;
  readonly pid: number;
  readonly memoryMb: number | undefined;
  readonly upSeconds: number;
}

export async function statusOf(platform: Platform): Promise<Status> {
  const { environment, gatewayUrl, backing, instances } = platform;
  return {
    environment: environment.name,
    gatewayUrl,
    instances: await Promise.all(
      instances.map(async ({ id, url, child, artifact }) => ({
        id,
        health: child.isRunning ? await healthOf(url) : `ended (${child.outcome})`,
        version: artifact.version,
        digest: artifact.digest.slice(0, 8),
        url,
        pid: child.pid ?? 0,
        memoryMb: memoryOf(child.pid),
        upSeconds: Math.round((Date.now() - child.startedAt.getTime()) / 1_000),
      })),
    ),
    backing: [backing?.postgres, backing?.kafka, backing?.consul].flatMap((each) =>
      each
        ? [
            {
              name: each.name,
              version: each.version,
              origin: each.origin,
              url: each.url.replace(/\/\/[^@]*@/, '//'),
            },
          ]
        : [],
    ),
  };
}

async function healthOf(url: string): Promise<string> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    return ((await answer.json()) as { status: string }).status;
  } catch {
    return 'no answer';
  }
}

/** Resident memory; only Linux tells it without another program. */
function memoryOf(pid: number | undefined): number | undefined {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return undefined;
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1];
  return kb ? Math.round(Number(kb) / 1_024) : undefined;
}
