import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endLeftovers, readState } from '../apps/platform/src/controller/state.ts';
import { Environment } from '../apps/platform/src/environment.ts';
import { bornAt } from '../apps/platform/src/runner/child.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const environment = new Environment('interrupted');
const services = () => Object.values(readState(environment)?.services ?? {});
const clean = async () => {
  await endLeftovers(environment);
  environment.wipe();
  rmSync(environment.path('platform.json'), { force: true });
};
beforeEach(clean);
afterEach(clean);

function start(): { platform: ChildProcess; said: () => string; ended: Promise<unknown[]> } {
  const args = ['apps/platform/bin/fieldguide.mjs', 'start', '--env', 'interrupted', '--port', '0'];
  const platform = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const output of [platform.stdout, platform.stderr])
    output.on('data', (chunk: Buffer) => {
      text += chunk;
    });
  return { platform, said: () => text, ended: once(platform, 'exit') };
}
const WAIT = { timeout: 60_000, interval: 10 };

describe('a start', () => {
  it('that is interrupted stops where it is, and leaves nothing behind', async () => {
    const { platform, said, ended } = start();
    await expect.poll(() => services().length, WAIT).toBeGreaterThan(0);
    const running = services();
    platform.kill('SIGINT');
    await ended;
    expect(said()).toMatch(/SIGINT: stopping[\s\S]*nothing is left running/);
    expect(said()).not.toMatch(/apps are ready/);
    expect(running.map(({ pid }) => bornAt(pid))).toEqual(running.map(() => undefined));
    expect(readState(environment)).toBeUndefined();
  });

  it('that is killed leaves what it had begun to the next, which ends all of it', async () => {
    const first = start();
    await expect.poll(() => services().length, WAIT).toBe(3);
    const left = services();
    first.platform.kill('SIGKILL');
    await first.ended;
    expect(left.map(({ pid, born }) => bornAt(pid) === born)).toEqual([true, true, true]);
    const second = start();
    await expect.poll(() => second.said(), WAIT).toMatch(/apps are ready/);
    expect(second.said().match(/found running/g)).toHaveLength(3);
    second.platform.kill('SIGINT');
    await second.ended;
    expect(left.map(({ pid }) => bornAt(pid))).toEqual([undefined, undefined, undefined]);
  });
});
