import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Traffic } from './traffic.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
// A `local` environment of its own, as somebody has it who has just cloned; what is staged is shared.
const home = mkdtempSync(join(tmpdir(), 'fieldguide-newcomer-'));
const env = { ...process.env, FIELDGUIDE_HOME: home, FORCE_COLOR: '0' };
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const patterns = readFileSync(join(root, 'docs', 'patterns.md'), 'utf8');
const cli = 'node_modules/.bin/fieldguide';
const runFile = promisify(execFile);
let platform: ChildProcess;
let gatewayUrl: string;
let screen = '';

beforeAll(async () => {
  mkdirSync(join(root, '.fieldguide', 'artifacts'), { recursive: true });
  for (const name of ['artifacts', 'compile-cache'])
    symlinkSync(join(root, '.fieldguide', name), join(home, name));
  platform = spawn(join(root, cli), ['start', '--port', '0'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = Promise.withResolvers<void>();
  platform.once('exit', (code) => ready.reject(new Error(`fieldguide start ended with ${code}`)));
  createInterface({ input: platform.stdout! }).on('line', (line) => {
    screen += `${line}\n`;
    if (/Ctrl-C/.test(line)) ready.resolve();
  });
  await ready.promise;
  gatewayUrl = /http:\/\/127\.0\.0\.1:\d+/.exec(screen)![0];
});
afterAll(async () => {
  const gone = new Promise((resolve) => platform.once('exit', resolve));
  platform.kill('SIGTERM');
  await gone;
  rmSync(home, { recursive: true });
});

/** @throws when it ends with another code than 0 */
async function shell(command: string, timeout = 120_000): Promise<string> {
  const { stdout } = await runFile('bash', ['-eo', 'pipefail', '-c', command], {
    cwd: root,
    env,
    timeout,
  });
  return stdout;
}

// Not typed here, because what they do is the business of other tests, or they would end this one.
const elsewhere = new Set([
  'npm start',
  'npm start -- --port 8081',
  'npm start -- --env other --force',
  'npm test',
  'npm run status -- --watch', // goes on until Ctrl-C
  'npm run dev',
  'npx fieldguide dev ordering', // goes on until Ctrl-C
  'npm run check',
  'npm run test:unit',
  'npm run reset',
  'npm run stop',
  'npm run demo', // below
  'npm run test:pact', // tools/test.ts runs it
  'npm run lab:contract-changes', // a step of .ci/run
  'npm run lab:contract-changes -- demo',
  'npm run bench:event-store', // minutes, and about speed
  'docker compose up --build', // tools/compose.spec.ts
  'npx vitest run --project unit e2e',
  'npx fieldguide cache export FILE',
  'npx fieldguide kill ordering/1 --signal SIGSTOP', // keep-running.e2e.spec.ts
  'npx fieldguide stage',
]);
let orderId = '';

describe('the commands of README and of the pattern table', () => {
  it('opens the address of the shop on the screen', async () => {
    const answer = await fetch(gatewayUrl);
    expect([answer.status, answer.redirected]).toEqual([200, true]);
    expect(await answer.text()).toContain('swagger-ui');
  });
  it('places an order with the one command on the screen', async () => {
    const [command] = /^curl [\s\S]*?\}'$/m.exec(screen) ?? [];
    expect(command, screen).toBeDefined();
    const { stdout } = await runFile('sh', ['-c', `${command} -w ' %{http_code}'`], { env });
    const [, body, status] = /^(.*) (\d+)$/s.exec(stdout)!;
    expect([JSON.parse(body!), status]).toEqual([
      expect.objectContaining({ status: 'placed' }),
      '201',
    ]);
    orderId = JSON.parse(body!).id;
    const token = /Bearer (eyJ[\w.-]+)/.exec(command!)![1];
    const timeline = async () => {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${gatewayUrl}/orders/${orderId}/timeline`, { headers });
      return ((await answer.json()) as { items: object[] }).items.length;
    };
    await expect.poll(timeline).toBe(7);
  });
  it('shows the same command in README', () => {
    const [, block = ''] = /```sh\n(curl [\s\S]*?\}'\n)/.exec(readme) ?? [];
    const plain = (text: string) =>
      text
        .replace(/Bearer [^'"]+/, 'Bearer')
        .replace(/first-order-\d+/, 'first-order')
        .replace(/['"]/g, '')
        .replaceAll(gatewayUrl, 'http://127.0.0.1:8080')
        .replace(/\s+/g, ' ');
    expect(plain(screen)).toContain(plain(block).trim());
  });

  const inline = [...`${readme}${patterns}`.matchAll(/`((?:npm|npx|docker) [^`]*)`/g)].map(
    ([, line]) => line!,
  );
  const blocks = [...readme.matchAll(/^((?:npm|npx|docker) .*?)(?: +#.*)?$/gm)].map(
    ([, line]) => line!,
  );
  const commands = new Set([...inline, ...blocks]);
  const typed = [...commands].filter((each) => !elsewhere.has(each) && !/NAME|…/.test(each));
  it.each(typed)('%s', async (line) => {
    const command = line
      .replace('npx fieldguide', cli)
      .replace(/npm run (\w+)( --)?/, (_, name: string) => `${cli} ${name}`)
      .replace(' -f', '') // it would go on
      .replace('ID', orderId)
      .replace('FILE', join(home, 'order.svg'))
      .replace('ordering/2', 'ordering/1');
    expect((await shell(command)).trim()).not.toBe('');
  });
  it('is all known here', () => {
    expect(typed.length).toBeGreaterThan(8);
    for (const each of elsewhere)
      expect(
        [...commands].some((line) => line.startsWith(each)),
        each,
      ).toBe(true);
  });
});

describe('npm run demo', () => {
  it.each(['first', 'second'])('tells nothing wrong: the %s time', async () => {
    expect(await demo()).toContain('All checks passed.');
  });
  it('nor while orders flow from elsewhere', async () => {
    const traffic = new Traffic(gatewayUrl, 'beside-the-demo', 0.5);
    await traffic.signIn();
    const ending = new AbortController();
    const running = traffic.run({ ordersPerSecond: 5 }, ending.signal, true);
    expect(await demo()).toContain('All checks passed.');
    ending.abort();
    const { orders, failures } = await running;
    expect(failures).toEqual({});
    expect(await traffic.notCompleted(orders)).toEqual([]);
  });
  it('says so, and ends with 1, when something is not as it tells', async () => {
    const body = { email: 'demo@fieldguide.test', password: 'another one', name: 'Somebody' };
    await fetch(`${gatewayUrl}/auth/registrations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await expect(demo()).rejects.toThrow(
      /^ended with 1: [\s\S]*✗ signed in: expected 200, and it is 401[\s\S]*not as it was told/,
    );
  });

  /** What it says; when it fails, that is the reason. */
  async function demo(): Promise<string> {
    try {
      return await shell('node_modules/.bin/node tools/demo/demo.ts', 240_000);
    } catch (error) {
      const { code, stdout } = error as { code: number; stdout: string };
      throw new Error(`ended with ${code}: ${stdout}`, { cause: error });
    }
  }
});
