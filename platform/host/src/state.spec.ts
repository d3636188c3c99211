import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type * as EnvironmentModule from './environment.ts';
import { processStartTime } from './processes/child.ts';
import type * as StateModule from './state.ts';
import { useTestWorkspace } from './testing/workspace.ts';

let environments: typeof EnvironmentModule;
let state: typeof StateModule;
beforeAll(async () => {
  useTestWorkspace();
  environments = await import('./environment.ts');
  state = await import('./state.ts');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

describe('an environment', () => {
  it('generates its secrets once, readable by this user only', () => {
    const environment = new environments.Environment('secrets');
    const first = environment.secrets(['lending']);
    expect(environment.secrets(['lending'])).toEqual(first);
    expect(environment.secrets(['lending', 'posting']).roles['secrets_lending_app']).toBe(
      first.roles['secrets_lending_app'],
    );
    expect(statSync(environment.path('secrets.json')).mode & 0o777).toBe(0o600);
    expect(new environments.Environment('others').secrets(['lending'])).not.toEqual(first);
  });

  it('never finds the relocated data of an earlier installation', () => {
    const environment = new environments.Environment('secrets');
    expect(environment.dataFolderOutside('one secret')).toBe(
      environment.dataFolderOutside('one secret'),
    );
    expect(environment.dataFolderOutside('one secret')).not.toBe(
      environment.dataFolderOutside('another'),
    );
  });

  it('keeps its ports, and replaces one that is in use', async () => {
    const environment = new environments.Environment('ports');
    const first = await environment.ports(['kafka', 'postgres']);
    expect(await environment.ports(['kafka', 'postgres'])).toEqual(first);
    const { createServer } = await import('node:net');
    const otherProcess = createServer();
    await new Promise<void>((resolve) => otherProcess.listen(first.kafka, '127.0.0.1', resolve));
    expect(await environment.ports(['postgres'])).toEqual(first); // its own processes may listen there
    const second = await environment.ports(['kafka', 'postgres']);
    expect(second.kafka).not.toBe(first.kafka);
    expect(second.postgres).toBe(first.postgres);
    await new Promise((resolve) => otherProcess.close(resolve));
  });

  it('adds its name to its databases and topics, except local', () => {
    const [local, other] = [
      new environments.Environment('local'),
      new environments.Environment('my-test'),
    ];
    expect([local.databaseName('lending'), local.topicPrefix]).toEqual(['lending', '']);
    expect([other.databaseName('alpha-store'), other.topicPrefix]).toEqual([
      'my_test_alpha_store',
      'my-test.',
    ]);
  });

  it('is locked once, and released', () => {
    const environment = new environments.Environment('taken');
    state.acquireLock(environment);
    expect(() => state.acquireLock(environment)).toThrow(/already runs|already being started/);
    state.releaseLock(environment);
    state.acquireLock(environment);
    state.releaseLock(environment);
  });

  it('is taken over from a process that was killed while acquiring the lock', () => {
    const environment = new environments.Environment('half');
    writeFileSync(environment.path('platform.json'), '');
    expect(state.acquireLock(environment)).toBeUndefined();
    expect(state.runningPlatform(environment)?.pid).toBe(process.pid);
    state.releaseLock(environment);
  });

  it('kills the processes of a killed platform, and no others', async () => {
    const environment = new environments.Environment('killed');
    const previous = spawn('sleep', ['1234'], { detached: true });
    const otherChild = spawn('sleep', ['4321'], { detached: true });
    state.writeState(environment, {
      pid: 2 ** 22 + 1, // no process has it
      startTime: '1',
      instances: [],
      services: {
        kafka: { pid: previous.pid!, startTime: processStartTime(previous.pid!)! },
        consul: { pid: otherChild.pid!, startTime: 'at another time' }, // its id belongs to another process now
      },
    });
    const ended = new Promise((resolve) => previous.once('exit', resolve));
    expect(state.runningPlatform(environment)).toBeUndefined();
    await state.stopOrphans(environment);
    await ended;
    expect(otherChild.exitCode).toBeNull();
    otherChild.kill();
    state.acquireLock(environment);
    state.releaseLock(environment);
  });
});
