import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { processStartTime } from '@fieldguide/platform-host/processes/child';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { afterAll, expect, it, vi } from 'vitest';

afterAll(() => vi.unstubAllEnvs());
/** `T` when it is stopped by a signal; on Linux. */
const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];

it.runIf(process.platform === 'linux')(
  'ends the faults of a platform that was killed: a frozen instance continues',
  async () => {
    useTestWorkspace();
    const { Environment } = await import('@fieldguide/platform-host/environment');
    const { readState, writeState } = await import('@fieldguide/platform-host/state');
    const { Platform } = await import('../platform.ts');
    const environment = new Environment('killed');
    const frozen = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    const pid = frozen.pid!;
    frozen.kill('SIGSTOP');
    await expect.poll(() => stateOf(pid)).toBe('T');
    const gone = { pid: 2 ** 22 + 1, startTime: 'long ago' };
    const instance = {
      ...{ app: 'alpha', slot: 1, processes: 'web,worker' as const, serial: 1, port: 20_000 },
      ...{ hash: 'h', digest: 'd', version: '1', startedAt: '2026-01-01T00:00:00Z', memoryMb: 320 },
      ...{ pid, startTime: processStartTime(pid)! },
    };
    const fault = { id: 3, title: 'freeze alpha/1', endsAt: '2026-01-01T00:10:00Z' };
    writeState(environment, { ...gone, instances: [instance], services: {}, faults: [fault] });

    // Without addresses of attached services the start fails, after it has ended the faults.
    const choices = { postgres: 'attached', kafka: 'attached', consul: 'attached' };
    const platform = new Platform({ environment, choices, gatewayPort: 0 });
    expect(readState(environment)).toMatchObject({ faults: [fault] }); // for the next, if this one is killed
    const starting = platform.start();
    expect(platform.events.recent.map(({ text }) => text)).toContain(
      '! Fault 3 ends, because its platform was killed: freeze alpha/1',
    );
    await expect.poll(() => stateOf(pid)).toBe('S');
    expect(platform.faults.active).toEqual([]);
    await expect(starting).rejects.toThrow(/Cannot attach/);
    await platform.stop();
    expect(processStartTime(pid)).toBeUndefined();
  },
);
