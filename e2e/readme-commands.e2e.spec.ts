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
// A separate `local` environment, as after a fresh clone; staged artifacts are shared.
const home = mkdtempSync(join(tmpdir(), 'fieldguide-readme-'));
const env = { ...process.env, FIELDGUIDE_HOME: home, FORCE_COLOR: '0' };
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const patterns = readFileSync(join(root, 'docs', 'patterns.md'), 'utf8');
const cli = 'node_modules/.bin/fieldguide';
const runFile = promisify(execFile);
let platform: ChildProcess;
let gatewayUrl: string;
let output = '';

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
  platform.once('exit', (code) => ready.reject(new Error(`fieldguide start exited with ${code}`)));
  createInterface({ input: platform.stdout! }).on('line', (line) => {
    output += `${line}\n`;
    if (/Ctrl-C/.test(line)) ready.resolve();
  });
  await ready.promise;
  gatewayUrl = /http:\/\/127\.0\.0\.1:\d+/.exec(output)![0];
});
afterAll(async () => {
  const exit = new Promise((resolve) => platform.once('exit', resolve));
  platform.kill('SIGTERM');
  await exit;
  rmSync(home, { recursive: true });
});

/** Runs a command. @throws on an exit code other than 0 */
async function shell(command: string, timeout = 120_000): Promise<string> {
  const { stdout } = await runFile('bash', ['-eo', 'pipefail', '-c', command], {
    cwd: root,
    env,
    timeout,
  });
  return stdout;
}

// Not run here: other tests cover them, or they would stop this platform.
const coveredElsewhere = new Set([
  'npm start',
  'npm start -- --port 8081',
  'npm start -- --env other --force',
  'npm test',
  'npm run status -- --watch', // runs until Ctrl-C
  'npm run dev',
  'npx fieldguide dev ordering', // runs until Ctrl-C
  'npm run check',
  'npm run test:unit',
  'npm run reset',
  'npm run stop',
  'npm run demo', // below
  'npm run test:pact', // tools/test.ts runs it
  'npm run lab:contract-changes', // a step of .ci/run
  'npm run lab:contract-changes -- demo',
  'npx fieldguide lab start 22', // npm run labs:prove
  'npm run bench:event-store', // takes minutes and measures speed
  'docker compose up --build', // tools/compose.spec.ts
  'npx vitest run --project unit simulation',
  'npx fieldguide cache export FILE',
  'npx fieldguide kill ordering/1 --signal SIGSTOP', // keep-running.e2e.spec.ts
  'npx fieldguide stage',
]);
let orderId = '';

describe('the documented commands', () => {
  it.each([
    ['', '<div id="root">'],
    ['/docs', 'swagger-ui'],
  ])('opens the printed address of the shop %s', async (path, text) => {
    const response = await fetch(gatewayUrl + path);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(text);
  });
  it('places an order with the printed command', async () => {
    const [command] = /^curl [\s\S]*?\}'$/m.exec(output) ?? [];
    expect(command, output).toBeDefined();
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
      const response = await fetch(`${gatewayUrl}/orders/${orderId}/timeline`, { headers });
      return ((await response.json()) as { items: object[] }).items.length;
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
    expect(plain(output)).toContain(plain(block).trim());
  });

  const inline = [...`${readme}${patterns}`.matchAll(/`((?:npm|npx|docker) [^`]*)`/g)].map(
    ([, line]) => line!,
  );
  const blocks = [...readme.matchAll(/^((?:npm|npx|docker) .*?)(?: +#.*)?$/gm)].map(
    ([, line]) => line!,
  );
  const commands = new Set([...inline, ...blocks]);
  const tested = [...commands].filter(
    (each) => !coveredElsewhere.has(each) && !/NAME|…/.test(each),
  );
  it.each(tested)('prints output: %s', async (line) => {
    const command = line
      .replace('npx fieldguide', cli)
      .replace(/npm run (\w+)( --)?/, (_, name: string) => `${cli} ${name}`)
      .replace(' -f', '') // it would not exit
      .replace('ID', orderId)
      .replace('FILE', join(home, 'order.svg'))
      .replace('ordering/2', 'ordering/1');
    expect((await shell(command)).trim()).not.toBe('');
    // What follows expects the default settings, and no faults.
    const [, app, key] = / env (\w+) (\w+)=/.exec(command) ?? [];
    if (app) await shell(`${cli} env ${app} --unset ${key}`);
    if (command.includes(' fault start ')) await shell(`${cli} fault stop --all`);
  });
  it('are all tested or listed as covered elsewhere', () => {
    expect(tested.length).toBeGreaterThan(8);
    for (const each of coveredElsewhere)
      expect(
        [...commands].some((line) => line.startsWith(each)),
        each,
      ).toBe(true);
  });
});

describe('npm run demo', () => {
  it('passes all checks', async () => {
    expect(await demo()).toContain('All checks passed.');
  });
  it('passes them again, under concurrent load', async () => {
    const traffic = new Traffic(gatewayUrl, 'next-to-the-demo', 0.5);
    await traffic.signIn();
    const ending = new AbortController();
    const running = traffic.run({ ordersPerSecond: 5 }, ending.signal, true);
    expect(await demo()).toContain('All checks passed.');
    ending.abort();
    const { orders, failures } = await running;
    expect(failures).toEqual({});
    expect(await traffic.notCompleted(orders)).toEqual([]);
  });
  it('reports a failed check and exits with 1', async () => {
    const body = { email: 'demo@fieldguide.test', password: 'another one', name: 'Bo' };
    await fetch(`${gatewayUrl}/auth/registrations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await expect(demo()).rejects.toThrow(/^exited with 1: [\s\S]*✗ signed in: expected 200.* 401/);
  });

  /** Runs the demo and returns its output. @throws with the output on another exit code than 0 */
  async function demo(): Promise<string> {
    try {
      return await shell('node_modules/.bin/node system/demo/demo.ts', 240_000);
    } catch (error) {
      const { code, stdout } = error as { code: number; stdout: string };
      throw new Error(`exited with ${code}: ${stdout}`, { cause: error });
    }
  }
});
