import { gatewayApp } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { waitUntil } from '@fieldguide/platform-host/processes/child';
import { system } from '@fieldguide/platform-host/system';
import { probes } from '@fieldguide/platform-model/derive';

const ROUTED_WITHIN_MS = 30_000;

/**
 * Healthy is not ready: the gateway must know every service before the start is reported as complete.
 * @param isServing false for an app that runs no `web` process: the gateway cannot route to it
 */
export async function waitForRoutes(
  gatewayUrl: string,
  isServing: (app: string) => boolean,
  isStopping: () => boolean,
): Promise<void> {
  for (const path of probes(system, isServing)) {
    let last = 'no answer';
    const routed = await waitUntil(async () => {
      if (isStopping()) return true;
      const signal = AbortSignal.timeout(5_000);
      const response = await fetch(gatewayUrl + path, { signal }).catch(() => undefined);
      last = response ? `status ${response.status}` : 'no answer';
      return response !== undefined && response.status < 500;
    }, ROUTED_WITHIN_MS);
    if (!routed) {
      throw new CliError(
        `The gateway gives ${last} for ${path}, though every app is ready.`,
        `fieldguide logs ${gatewayApp}`,
      );
    }
  }
}
