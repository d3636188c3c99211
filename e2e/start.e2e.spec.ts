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
  said: () => string;
  ended: Promise<unknown[]>;
} {
  const cli = 'platform/cli/bin/fieldguide.mjs';
  const args = [cli, 'start', '--env', 'interrupted', '--port', '0', ...options];
  const platform = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FIELDGUIDE_CONTRACTS_RECORD: record },
  });
  let text = '';
  for (const output of [platform.stdout, platform.stderr])
    output.on('data', (chunk: Buffer) => {
      text += chunk;
    });
  return { platform, said: () => text, ended: once(platform, 'exit') };
}
const WAIT = { timeout: 60_000, interval: 10 };

describe('a start', () => {
  it('of what no contract test has seen is refused outside local, unless by force', async () => {
    const { platform, said, ended } = start();
    const decided = () => platform.exitCode !== null || /apps are ready/.test(said());
    await expect.poll(decided, { ...WAIT, timeout: 100_000 }).toBe(true);
    if (platform.exitCode === null) platform.kill('SIGINT');
    await ended;
    expect(said()).toMatch(/no version has been published[\s\S]*--force/);
    expect(said()).not.toMatch(/apps are ready/);
    expect(platform.exitCode).toBe(1);
  });

  it('that is interrupted stops where it is, and leaves nothing behind', async () => {
    const { platform, said, ended } = start('--force');
    await expect.poll(() => services().length, WAIT).toBeGreaterThan(0);
    const running = services();
    platform.kill('SIGINT');
    await ended;
    expect(said()).toMatch(/SIGINT: stopping[\s\S]*nothing is left running/);
    expect(said()).not.toMatch(/apps are ready/);
    expect(running.map(({ pid }) => processStartTime(pid))).toEqual(running.map(() => undefined));
    expect(readState(environment)).toBeUndefined();
  });

  it('that is killed leaves what it had begun to the next, which ends all of it', async () => {
    const first = start('--force');
    await expect.poll(() => services().length, WAIT).toBe(3);
    const left = services();
    first.platform.kill('SIGKILL');
    await first.ended;
    expect(left.map(({ pid, startTime }) => processStartTime(pid) === startTime)).toEqual([
      true,
      true,
      true,
    ]);
    const second = start('--force');
    await expect.poll(() => second.said(), WAIT).toMatch(/apps are ready/);
    expect(second.said().match(/found running/g)).toHaveLength(3);
    second.platform.kill('SIGINT');
    await second.ended;
    expect(left.map(({ pid }) => processStartTime(pid))).toEqual([undefined, undefined, undefined]);
  });
});
