import { readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

useTestWorkspace();
const { appNames } = await import('@fieldguide/platform-host/apps');
const { Environment } = await import('@fieldguide/platform-host/environment');
const { thumbprintOf, thumbprintsIn } = await import('@fieldguide/platform-host/signing-keys');
const { KeyRotation } = await import('./key-rotation.ts');
const { tokenSettings, writeKeyFiles } = await import('./key-files.ts');

let runs = 0;
let environment: InstanceType<typeof Environment>;
let warnings: string[];
/** Instances that keep the values that they have read. */
let stubborn: Set<string>;
let servers: Server[];
let reconcilers: Map<string, { slots: Map<number, object> }>;
const fileOf = (key: string) => readFileSync(environment.path('keys', key), 'utf8');

/** An instance that reads its files for each request, as apps do every second. */
async function startInstance(app: string): Promise<void> {
  const seen = { SIGNING_KEY: fileOf('SIGNING_KEY'), pins: fileOf('TOKEN_KEY_THUMBPRINTS') };
  const server = createServer(({ url }, response) => {
    const isStubborn = stubborn.has(app);
    const keys = thumbprintsIn(
      isStubborn || stubborn.has(`${app}'s keys`) ? seen.SIGNING_KEY : fileOf('SIGNING_KEY'),
    );
    const value = isStubborn ? seen.pins : fileOf('TOKEN_KEY_THUMBPRINTS');
    const configuration = {
      TOKEN_KEY_THUMBPRINTS: { value },
      ACCESS_TOKEN_SECONDS: { value: '300' },
    };
    const info = url === '/info' ? { configuration } : { keys: keys.map((kid) => ({ kid })) };
    response.end(JSON.stringify(info));
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const instance = { name: `${app}-1`, url, child: { isRunning: true } };
  reconcilers.set(app, { slots: new Map([[1, { instance }]]) });
}

/** The rotation in a new process of the platform. */
const rotationOf = () =>
  new KeyRotation(
    {
      environment,
      events: { info: () => undefined, warn: (line: string) => warnings.push(line) },
      reconcilers,
      asOperator: { fetch },
      secrets: environment.secrets(appNames),
    } as never,
    200,
  );
const signing = () => environment.secrets(appNames).named['signingKey']!;

beforeEach(async () => {
  runs += 1;
  environment = new Environment(`rotation-${runs}`);
  [warnings, servers, stubborn, reconcilers] = [[], [], new Set(), new Map()];
  writeKeyFiles(environment, environment.secrets(appNames));
  for (const app of ['alpha', 'beta', 'front']) await startInstance(app);
});
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

it('signs with a new key, and publishes the previous one until its last token has expired', async () => {
  const [old] = thumbprintsIn(signing());
  const rotation = rotationOf();
  const keys = await rotation.rotate();
  rotation.stop();
  expect(keys.map(({ state }) => state)).toEqual(['signs', 'previous']);
  expect(keys[1]!.id).toBe(old);
  expect(Date.parse(keys[1]!.until!) - Date.now()).toBeGreaterThan(300_000);
  expect(thumbprintsIn(fileOf('SIGNING_KEY'))).toEqual(keys.map(({ id }) => id));
  expect(fileOf('TOKEN_KEY_THUMBPRINTS')).toBe(keys.map(({ id }) => id).join(','));
  expect(statSync(environment.path('keys', 'SIGNING_KEY')).mode & 0o777).toBe(0o600);
  const again = await rotation.rotate();
  rotation.stop();
  expect(again.map(({ id }) => id).slice(1)).toEqual(keys.map(({ id }) => id));
});

it.each(['alpha', "alpha's keys", 'beta', 'front'])(
  'does not sign with a key that %s does not know yet, and continues with the same one',
  async (app) => {
    const [old] = thumbprintsIn(signing());
    stubborn.add(app);
    await expect(rotationOf().rotate()).rejects.toThrow(
      `${app.replace("'s keys", '')}-1 did not take the signing key`,
    );
    const [first, next] = thumbprintsIn(fileOf('SIGNING_KEY'));
    expect(first).toBe(old);
    stubborn.clear();
    const later = rotationOf();
    later.start();
    expect(warnings[0]).toContain('unfinished');
    expect((await later.rotate())[0]!.id).toBe(next);
    later.stop();
  },
);

it('removes the previous key at the next start when its time has passed', async () => {
  const until = new Date(0).toISOString();
  environment.changeKey(appNames, 'signingKey', (key) => [key, { previous: [{ key, until }] }]);
  const rotation = rotationOf();
  rotation.start();
  await expect.poll(() => rotation.keys.length).toBe(1);
  expect(thumbprintsIn(fileOf('SIGNING_KEY'))).toEqual([thumbprintOf(signing())]);
});

it('keeps the previous key while an issuer signs with it', async () => {
  const rotation = rotationOf();
  await rotation.rotate();
  rotation.stop();
  environment.changeKey(appNames, 'signingKey', (now, { previous }) => [
    now,
    { previous: [{ ...previous![0]!, until: new Date(0).toISOString() }] },
  ]);
  reconcilers.clear();
  stubborn.add('alpha');
  writeKeyFiles(environment, {
    ...environment.secrets(appNames),
    named: {
      signingKey: [...signing().match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g)!]
        .toReversed()
        .join(''),
    },
  });
  await startInstance('alpha');
  const later = rotationOf();
  later.start();
  await expect.poll(() => warnings.join()).toMatch(/previous signing key stays/);
  later.stop();
  expect(later.keys).toHaveLength(2);
});

it('leaves an old file of secrets as it was, except for what it adds', () => {
  const file = environment.path('secrets.json');
  const before = JSON.parse(readFileSync(file, 'utf8'));
  environment.changeKey(appNames, 'signingKey', (now) => [now, {}]);
  const after = JSON.parse(readFileSync(file, 'utf8'));
  expect(after).toEqual({ ...before, rotations: { signingKey: {} } });
});

it('gives apps the settings of another issuer instead, where the user has configured one', async () => {
  const env = { TOKEN_JWKS_URL: 'https://issuer.test/jwks', TOKEN_ISSUER: 'https://issuer.test' };
  for (const [key, value] of Object.entries(env)) vi.stubEnv(`FIELDGUIDE_${key}`, value);
  expect(tokenSettings(environment.secrets(appNames))).toEqual(env);
  await expect(rotationOf().rotate()).rejects.toThrow('Another issuer signs');
  for (const key of Object.keys(env)) vi.stubEnv(`FIELDGUIDE_${key}`, undefined);
  expect(Object.keys(tokenSettings(environment.secrets(appNames)))).toEqual([
    'TOKEN_KEY_THUMBPRINTS',
  ]);
});
