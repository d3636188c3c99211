import { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import type { Status } from '@fieldguide/platform-controller/status';
import { appNames } from '@fieldguide/platform-host/apps';
import { callConsul, runningConsul } from '@fieldguide/platform-host/backing-services/call-consul';
import { Environment } from '@fieldguide/platform-host/environment';
import { vi } from 'vitest';

/** The platform that runs the system under test. */
export const platform = () => new PlatformClient(new Environment('e2e'));

/** Calls Consul's HTTP API with the platform's token. */
export const consul = (
  method: 'GET' | 'PUT',
  path: string,
  body?: string,
  environment = new Environment('e2e'),
) => callConsul(runningConsul(environment, appNames), method, `/v1/${path}`, body);

/** Changes a live setting of an app. */
export const setSetting = (app: string, key: string, value: string) =>
  platform().call('PUT', `/apps/${app}/settings/${key}`, { value });

export async function instances(app: string) {
  const { apps } = await platform().call<Status>('GET', '/status');
  return apps.find((each) => each.app === app)!.instances;
}

/** Scales an app and waits until all instances are healthy. */
export async function scale(app: string, count: number): Promise<void> {
  await platform().call('PATCH', `/apps/${app}`, { instances: count });
  const areHealthy = async () =>
    (await instances(app)).filter(({ health }) => health === 'ok').length === count;
  await vi.waitUntil(areHealthy, { timeout: 120_000, interval: 100 });
}
