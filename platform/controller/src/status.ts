import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { appNames } from '@fieldguide/platform-host/apps';
import { addressOf } from '@fieldguide/platform-host/backing-services/backing-service';
import { system } from '@fieldguide/platform-host/system';
import { z } from 'zod';
import { Fault } from './faults/fault.ts';
import type { Platform } from './platform.ts';
import type { Instance } from './runner/instance.ts';
import { StoredScale } from './scale.ts';

const BLOCK_BYTES = 512;

export const InstanceStatus = z.object({
  id: z.string(),
  /** As in the registry and in its logs. */
  name: z.string(),
  processes: z.enum(['web,worker', 'web', 'worker']),
  health: z.string(),
  /** As its readiness reports them; empty when it gives no answer. */
  dependencies: z.record(
    z.string(),
    z.object({ state: z.string(), detail: z.string().optional() }),
  ),
  version: z.string(),
  digest: z.string(),
  url: z.string(),
  pid: z.number(),
  restarts: z.number(),
  cpuPercent: z.number().nullable(),
  memoryMb: z.number().nullable(),
  memoryLimitMb: z.number(),
  upSeconds: z.number(),
});
export type InstanceStatus = z.infer<typeof InstanceStatus>;

export const AppStatus = z.object({
  app: z.string(),
  /** As the map has it. */
  team: z.string(),
  wantedInstances: StoredScale,
  memoryMb: z.number(),
  version: z.string(),
  digest: z.string(),
  /** Artifacts that `rollback` may go to, the last one first. */
  earlier: z.array(z.string()),
  inspectPort: z.number().nullable(),
  instances: z.array(InstanceStatus),
});
export type AppStatus = z.infer<typeof AppStatus>;

export const ServiceStatus = z.object({
  service: z.string(),
  name: z.string(),
  version: z.string(),
  origin: z.string(),
  address: z.string(),
  url: z.string(),
  state: z.string(),
  restarts: z.number(),
  sizeMb: z.number().nullable(),
});
export type ServiceStatus = z.infer<typeof ServiceStatus>;

export const Status = z.object({
  environment: z.string(),
  apiUrl: z.string(),
  gatewayUrl: z.string(),
  providerUrl: z.string(),
  apps: z.array(AppStatus),
  services: z.array(ServiceStatus),
  /** Active ones. */
  faults: z.array(Fault),
});
export type Status = z.infer<typeof Status>;

export async function statusOf(platform: Platform): Promise<Status> {
  return {
    environment: platform.environment.name,
    apiUrl: platform.apiUrl ?? '',
    gatewayUrl: platform.gatewayUrl ?? '',
    providerUrl: platform.providerUrl ?? '',
    apps: await Promise.all(appNames.map((name) => appStatus(platform, name))),
    services: servicesOf(platform),
    faults: platform.faults.active,
  };
}

export async function appStatus(platform: Platform, name: string): Promise<AppStatus> {
  const { instances, memoryMb, digest = '', earlier } = platform.desired.app(name);
  const slots = [...platform.reconcilers.get(name)!.slots.values()];
  return {
    app: name,
    team: system.apps[name]!.team,
    wantedInstances: instances,
    memoryMb,
    version: digest ? platform.artifact(name).version : '',
    digest,
    earlier,
    inspectPort: platform.inspectPort(name) ?? null,
    instances: await Promise.all(
      slots
        .toSorted((a, b) => a.instance.record.slot - b.instance.record.slot)
        .map(async ({ instance, next, ready, restarts, usage }) => ({
          id: instance.id,
          name: instance.name,
          processes: instance.record.processes,
          ...(await healthOf(instance, ready, next !== undefined)),
          version: instance.record.version,
          digest: instance.record.digest,
          url: instance.url,
          pid: instance.child.pid ?? 0,
          restarts,
          cpuPercent: usage?.cpuPercent ?? null,
          memoryMb: usage?.memoryMb ?? null,
          memoryLimitMb: instance.record.memoryMb,
          upSeconds: ageSeconds(instance.record.startedAt),
        })),
    ),
  };
}

async function healthOf(
  instance: Instance,
  ready: boolean,
  replaced: boolean,
): Promise<Pick<InstanceStatus, 'health' | 'dependencies'>> {
  const { isRunning, outcome } = instance.child;
  if (!isRunning) return { health: `ended (${outcome})`, dependencies: {} };
  if (!ready) return { health: 'starting', dependencies: {} };
  const { status = 'no answer', dependencies = {} } = (await instance.health()) ?? {};
  return { health: replaced ? `${status}, being replaced` : status, dependencies };
}

function ageSeconds(time: string): number {
  return Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1_000));
}

export function servicesOf({ backing }: Platform): ServiceStatus[] {
  return backing.all.map(([service, each]) => ({
    service,
    name: each.name,
    version: each.version,
    origin: each.origin,
    address: addressOf(each.url),
    url: each.url.replace(/\/\/[^@]*@/, '//'),
    state: !each.child || each.child.isRunning ? 'running' : `ended (${each.child.outcome})`,
    restarts: backing.restarts[service],
    sizeMb: each.folder ? sizeOf(each.folder) : null,
  }));
}

/** Of a folder with all below it; files come and go while we look. */
export function sizeOf(folder: string): number {
  let bytes = 0;
  try {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const file = statSync(join(folder, name), { throwIfNoEntry: false });
      // What it takes on the disk: Kafka's index files are mostly holes.
      if (file?.isFile()) bytes += file.blocks ? file.blocks * BLOCK_BYTES : file.size;
    }
  } catch {
    // not ours to look into, or just removed
  }
  return Math.round(bytes / 1e6);
}
