import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Environment } from '@fieldguide/platform-host/environment';
import { processStartTime } from '@fieldguide/platform-host/processes/child';
import { readState, stopOrphans } from '@fieldguide/platform-host/state';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const environment = new Environment('interrupted');
const services = () => Object.values(readState(environment)?.services ?? {});
const clean = async () => {
  await stopOrphans(environment);
  environment.wipe();
  rmSync(environment.path('desired.json'), { force: true });
  rmSync(environment.path('platform.json'), { force: true });
};
beforeEach(clean);
afterEach(clean);

const record = join(tmpdir(), `fieldguide-no-contracts-${process.pid}.jsonl`);

function start(...options: string[]): {
  platform: ChildProcess;
  output: () => string;
  exited: Promise<unknown[]>;
} {
  const cli = 'platform/cli/bin/fieldguide.mjs';
  const args = [cli, 'start', '--env', 'interrupted', '--port', '0', ...options];
  const platform = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FIELDGUIDE_CONTRACTS_RECORD: record },
  });
  let text = '';
  for (const stream of [platform.stdout, platform.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk;
    });
  return { platform, output: () => text, exited: once(platform, 'exit') };
}
const WAIT = { timeout: 60_000, interval: 10 };

describe('a start', () => {
  it('is rejected without contract verification outside local, unless forced', async () => {
    const { platform, output, exited } = start();
    const isDecided = () => platform.exitCode !== null || /apps are ready/.test(output());
    await expect.poll(isDecided, { ...WAIT, timeout: 100_000 }).toBe(true);
    if (platform.exitCode === null) platform.kill('SIGINT');
    await exited;
    expect(output()).toMatch(/no version has been published[\s\S]*--force/);
    expect(output()).not.toMatch(/apps are ready/);
    expect(platform.exitCode).toBe(1);
  });

  it('stops when interrupted, and leaves no process running', async () => {
    const { platform, output, exited } = start('--force');
    await expect.poll(() => services().length, WAIT).toBeGreaterThan(0);
    const running = services();
    platform.kill('SIGINT');
    await exited;
    expect(output()).toMatch(/SIGINT: stopping[\s\S]*nothing is left running/);
    expect(output()).not.toMatch(/apps are ready/);
    expect(running.map(({ pid }) => processStartTime(pid))).toEqual(running.map(() => undefined));
    expect(readState(environment)).toBeUndefined();
  });

  it('adopts the processes of a killed start, and stops all of them', async () => {
    const first = start('--force');
    await expect.poll(() => services().length, WAIT).toBe(3);
    const orphans = services();
    first.platform.kill('SIGKILL');
    await first.exited;
    expect(orphans.map(({ pid, startTime }) => processStartTime(pid) === startTime)).toEqual([
      true,
      true,
      true,
    ]);
    const second = start('--force');
    await expect.poll(() => second.output(), WAIT).toMatch(/apps are ready/);
    expect(second.output().match(/found running/g)).toHaveLength(3);
    second.platform.kill('SIGINT');
    await second.exited;
    expect(orphans.map(({ pid }) => processStartTime(pid))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
