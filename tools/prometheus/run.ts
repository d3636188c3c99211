// Part of `npm run verify`: promtool checks and tests the rules; then Prometheus scrapes the running system, and each
// metric and rule has to have a value while all is well, and the alert of a stopped app has to fire.
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeOrder } from '@fieldguide/contracts/ordering/examples';
import { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import { operatorToken } from '@fieldguide/platform-controller/operator-token';
import type { AppStatus } from '@fieldguide/platform-controller/status';
import { appNames, gatewayApp } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { freePorts } from '@fieldguide/platform-host/processes/ports';
import { system } from '@fieldguide/system';
import { prometheusYaml } from '../generate/observability.ts';
import { type System, startSystem } from '../schemathesis/system.ts';
import { type Api, readyApi } from './api.ts';
import { prometheusPrograms } from './programs.ts';
import { ruleTestsYaml } from './rule-tests.ts';

const SKIPPED = 77;
const RULES = 'deploy/observability/rules.yml';
const NAME = 'prometheus';
const SCRAPE_SECONDS = 1;
const PRODUCT = '01900000-0000-7000-8000-000000000001';
const WAIT_MS = 120_000;

async function main(): Promise<number> {
  const programs = await prometheusPrograms().catch((error: Error) => error);
  if (programs instanceof Error) {
    console.error(`SKIPPED: Prometheus is not on PATH, and cannot be downloaded: ${programs}`);
    return SKIPPED;
  }
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  try {
    copyFileSync(RULES, join(folder, 'rules.yml'));
    writeFileSync(join(folder, 'tests.yml'), ruleTestsYaml());
    const promtool = (...args: string[]) =>
      execFileSync(programs.promtool, args, { cwd: folder, stdio: 'inherit' });
    promtool('check', 'rules', 'rules.yml');
    promtool('test', 'rules', 'tests.yml');
    await scrapeSystem(programs.prometheus, folder);
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function scrapeSystem(program: string, folder: string): Promise<void> {
  const running = await startSystem(NAME);
  try {
    const environment = new Environment(NAME);
    const platform = new PlatformClient(environment);
    const { clients } = environment.secrets(appNames);
    // The gateway's port is public: its metrics are for operators only.
    const credentials = await operatorToken(running.gatewayUrl, clients['operator']!);
    const apps = await platform.call<AppStatus[]>('GET', '/apps');
    const targets = (app: string) =>
      apps.find((each) => each.app === app)!.instances.map(({ url }) => new URL(url).host);
    const config = prometheusYaml(
      system,
      (app) => ({
        static_configs: [{ targets: targets(app) }],
        ...(app === gatewayApp && { authorization: { credentials } }),
      }),
      SCRAPE_SECONDS,
    );
    writeFileSync(join(folder, 'prometheus.yml'), config);
    const [port] = await freePorts(1);
    mkdirSync(join(folder, 'data'));
    const args = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ];
    const prometheus = spawn(program, args, { stdio: 'inherit' });
    const ended = new Promise((resolve) => prometheus.once('exit', resolve));
    try {
      const api = await readyApi(`http://127.0.0.1:${port}`);
      await order(running);
      await expectHealthy(api, running.gatewayUrl);
      // Its address is fixed here: that of the new instance is not scraped.
      console.log('▸ an instance of catalog is killed');
      const signal = { signal: 'SIGKILL' };
      await platform.call('POST', '/apps/catalog/instances/1/signals', signal);
      await until('InstanceDown fires', async () => (await api.firing()).includes('InstanceDown'));
      console.log(`✓ firing: ${(await api.firing()).join(', ')}`);
    } finally {
      prometheus.kill('SIGTERM');
      await ended;
    }
  } finally {
    await running.stop();
  }
}

/** Places an order that completes: a checkout is measured at its end. */
async function order({ gatewayUrl, token }: System): Promise<void> {
  const response = await fetch(`${gatewayUrl}/orders`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await token('customer')}`,
      'content-type': 'application/json',
      'idempotency-key': 'prometheus',
    },
    body: JSON.stringify({ ...placeOrder.value, lines: [{ productId: PRODUCT, quantity: 1 }] }),
    signal: AbortSignal.timeout(15_000),
  });
  if (response.status !== 201) throw new Error(`POST /orders returned ${response.status}`);
}

/** Browses the shop meanwhile, so that there is something to measure. */
async function expectHealthy(api: Api, gatewayUrl: string): Promise<void> {
  const count = Object.keys(system.apps).length;
  await until(`${count} apps are scraped`, async () => (await api.query('up == 1')) === count);
  for (const metric of await api.metricsOfRules()) {
    await until(`${metric} has a value`, async () => {
      await fetch(`${gatewayUrl}/products`, { signal: AbortSignal.timeout(5_000) });
      return (await api.query(metric)) > 0;
    });
  }
  const browsing = 'slo:events:rate5m{objective="browsing"} > 0';
  await until('browsing is measured', async () => (await api.query(browsing)) === 1);
  const failed = await api.failedRules();
  if (failed.length > 0) throw new Error(`Rules failed: ${failed.join('; ')}`);
  const firing = await api.firing();
  if (firing.length > 0) throw new Error(`Alerts fire though all is well: ${firing.join(', ')}`);
  console.log('✓ every rule is evaluated, and no alert fires');
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`Not within ${WAIT_MS / 1_000} s: ${what}`);
    await sleep(500);
  }
  console.log(`✓ ${what}`);
}

process.exitCode = await main();
