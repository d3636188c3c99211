import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { expect, it, vi } from 'vitest';

it('a platform that is killed while it takes over leaves everything to the next', async () => {
  useTestWorkspace();
  const { Environment } = await import('@fieldguide/platform-host/environment');
  const { Platform } = await import('./platform.ts');
  const { readState, writeState } = await import('@fieldguide/platform-host/state');
  const environment = new Environment('twice');
  const process = { pid: 2 ** 22 + 1, startTime: 'long ago' };
  const instance = {
    ...{
      app: 'alpha',
      slot: 1,
      processes: 'web,worker' as const,
      serial: 7,
      port: 20_000,
      hash: 'h',
      digest: 'd',
    },
    ...{ version: '1', startedAt: '2026-01-01T00:00:00.000Z', memoryMb: 320 },
    ...process,
  };
  writeState(environment, { ...process, instances: [instance], services: { kafka: process } });
  const platform = new Platform({ environment, choices: {}, gatewayPort: 0 });
  platform.remember();
  expect(readState(environment)).toMatchObject({
    instances: [instance],
    services: { kafka: process },
  });
  await platform.stop();
  expect(readState(environment)).toBeUndefined();
  vi.unstubAllEnvs();
});
