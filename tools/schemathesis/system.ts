import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { databaseUrl } from '@fieldguide/platform-controller/provision/databases';
import { writeSetting } from '@fieldguide/platform-controller/provision/settings';
import { appNames } from '@fieldguide/platform-host/apps';
import { runningConsul } from '@fieldguide/platform-host/backing-services/call-consul';
import { Environment, root } from '@fieldguide/platform-host/environment';
import { readState, stopOrphans } from '@fieldguide/platform-host/state';
import pg from 'pg';

const PASSWORD = 'correct horse';
const UNLIMITED = '1000000';

export interface System {
  readonly gatewayUrl: string;
  /** A folder for the files of a tool. */
  readonly folder: string;
  /** Registers an account and signs in; a new session each time. */
  token(kind: 'customer' | 'staff'): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the whole system in an empty environment, with the gateway's rate limits raised. */
export async function startSystem(name: string): Promise<System> {
  const environment = new Environment(name);
  await stopOrphans(environment);
  environment.wipe();
  // Forced: whether the contracts of these sources are verified is not the subject.
  const options = ['--env', name, '--port', '0', '--json', '--force'];
  const args = ['platform/cli/bin/fieldguide.mjs', 'start', ...options];
  const platform = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => platform.once('exit', () => resolve()));
  const stop = async () => {
    platform.kill('SIGTERM');
    await exited;
  };
  const ended = exited.then(() => Promise.reject(new Error('The platform failed to start')));
  ended.catch(() => undefined);
  const firstLine = new Promise<string>((resolve) => {
    createInterface({ input: platform.stdout }).once('line', resolve);
  });
  try {
    const { gatewayUrl } = JSON.parse(await Promise.race([firstLine, ended]));
    await raiseLimits(environment, gatewayUrl);
    const token = (kind: 'customer' | 'staff') => tokenFor(kind, gatewayUrl, environment);
    return { gatewayUrl, folder: environment.folder, token, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function raiseLimits(environment: Environment, gatewayUrl: string): Promise<void> {
  const consul = runningConsul(environment, appNames);
  for (const key of ['RATE_LIMIT_PER_MINUTE', 'SIGN_IN_LIMIT_PER_MINUTE'])
    await writeSetting(consul, environment, 'gateway', key, UNLIMITED);
  const limit = async () => {
    const response = await fetch(`${gatewayUrl}/products`, { signal: AbortSignal.timeout(5_000) });
    return /;q=(\d+)/.exec(response.headers.get('ratelimit-policy') ?? '')?.[1];
  };
  for (let tries = 0; (await limit()) !== UNLIMITED; tries++) {
    if (tries === 100) throw new Error('The gateway did not apply its new rate limit in time');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

let accounts = 0;

async function tokenFor(
  kind: 'customer' | 'staff',
  gatewayUrl: string,
  environment: Environment,
): Promise<string> {
  const email = `${kind}-${++accounts}@fieldguide.test`;
  const post = async (path: string, body: object) => {
    const response = await fetch(gatewayUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    if (!response.ok) throw new Error(`POST ${path} returned ${response.status}`);
    return response.json() as Promise<{ accessToken: string }>;
  };
  await post('/auth/registrations', { email, password: PASSWORD, name: kind });
  // A registration never has the role staff: an operator grants it, except in `local`, where Grace is seeded.
  if (kind === 'staff') await makeStaff(email, environment);
  return (await post('/auth/tokens', { grantType: 'password', email, password: PASSWORD }))
    .accessToken;
}

async function makeStaff(email: string, environment: Environment): Promise<void> {
  const { backing } = readState(environment)!;
  const secrets = environment.secrets(appNames);
  const url = databaseUrl(backing!['postgres']!, environment, 'identity', 'app', secrets);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("UPDATE accounts SET kind = 'staff' WHERE email = $1", [email]);
  } finally {
    await client.end();
  }
}
