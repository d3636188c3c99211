import { spawn } from 'node:child_process';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type * as EnvironmentRoom from './environment.ts';
import { bornAt } from './processes/child.ts';
import type * as StateRoom from './state.ts';

let room: typeof EnvironmentRoom;
let state: typeof StateRoom;
beforeAll(async () => {
  vi.stubEnv('FIELDGUIDE_HOME', mkdtempSync(join(tmpdir(), 'home-')));
  room = await import('./environment.ts');
  state = await import('./state.ts');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

describe('an environment', () => {
  it('makes its secrets once, readable by this user only', () => {
    const environment = new room.Environment('secrets');
    const first = environment.secrets(['ordering']);
    expect(environment.secrets(['ordering'])).toEqual(first);
    expect(environment.secrets(['ordering', 'shipping']).roles['secrets_ordering_app']).toBe(
      first.roles['secrets_ordering_app'],
    );
    expect(statSync(environment.path('secrets.json')).mode & 0o777).toBe(0o600);
    expect(new room.Environment('others').secrets(['ordering'])).not.toEqual(first);
  });

  it('never finds the relocated data of an installation before it', () => {
    const environment = new room.Environment('secrets');
    expect(environment.elsewhere('one secret')).toBe(environment.elsewhere('one secret'));
    expect(environment.elsewhere('one secret')).not.toBe(environment.elsewhere('another'));
  });

  it('keeps its ports, and takes another for one that is taken', async () => {
    const environment = new room.Environment('ports');
    const first = await environment.ports(['kafka', 'postgres']);
    expect(await environment.ports(['kafka', 'postgres'])).toEqual(first);
    const { createServer } = await import('node:net');
    const thief = createServer();
    await new Promise<void>((resolve) => thief.listen(first.kafka, '127.0.0.1', resolve));
    expect(await environment.ports(['postgres'])).toEqual(first); // ours may listen there
    const second = await environment.ports(['kafka', 'postgres']);
    expect(second.kafka).not.toBe(first.kafka);
    expect(second.postgres).toBe(first.postgres);
    await new Promise((resolve) => thief.close(resolve));
  });

  it('has its name in its databases and topics, but for local', () => {
    const [local, other] = [new room.Environment('local'), new room.Environment('my-test')];
    expect([local.databaseName('ordering'), local.topicPrefix]).toEqual(['ordering', '']);
    expect([other.databaseName('payment-provider'), other.topicPrefix]).toEqual([
      'my_test_payment_provider',
      'my-test.',
    ]);
  });

  it('is taken once, and given back', () => {
    const environment = new room.Environment('taken');
    state.takeEnvironment(environment);
    expect(() => state.takeEnvironment(environment)).toThrow(/already runs|under way/);
    state.giveBack(environment);
    state.takeEnvironment(environment);
    state.giveBack(environment);
  });

  it('is taken over from whoever was killed while he took it', () => {
    const environment = new room.Environment('half');
    writeFileSync(environment.path('platform.json'), '');
    expect(state.takeEnvironment(environment)).toBeUndefined();
    expect(state.runningPlatform(environment)?.pid).toBe(process.pid);
    state.giveBack(environment);
  });

  it('ends what a killed platform left running, and nobody else', async () => {
    const environment = new room.Environment('killed');
    const left = spawn('sleep', ['1234'], { detached: true });
    const stranger = spawn('sleep', ['4321'], { detached: true });
    state.writeState(environment, {
      pid: 2 ** 22 + 1, // no process has it
      born: '1',
      instances: [],
      services: {
        kafka: { pid: left.pid!, born: bornAt(left.pid!)! },
        consul: { pid: stranger.pid!, born: 'at another time' }, // its number was given to another
      },
    });
    const ended = new Promise((resolve) => left.once('exit', resolve));
    expect(state.runningPlatform(environment)).toBeUndefined();
    await state.endLeftovers(environment);
    await ended;
    expect(stranger.exitCode).toBeNull();
    stranger.kill();
    state.takeEnvironment(environment);
    state.giveBack(environment);
  });
});
