import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Instance } from '@fieldguide/platform-controller/runner/instance';
import { type Artifact, staged } from '@fieldguide/platform-controller/stager/stage';
import { apps, gatewayApp } from '@fieldguide/platform-host/apps';
import { freePorts } from '@fieldguide/platform-host/processes/ports';
import type { InstanceRecord } from '@fieldguide/platform-host/state';
import type { Surroundings } from './upstream.ts';

/** A running proxy. */
export interface RunningProxy {
  readonly port: number;
  /** Its processes: all that it costs. */
  readonly pids: () => readonly number[];
  stop(): Promise<void>;
}

/** The cores of the system under test, and of the load with the upstream: they must not compete for one. */
export const cores = { measured: 0, load: 1 } as const;

export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['-apc', String(core), String(pid)], { stdio: 'ignore' });
}

const MEMORY_MB = 320; // the platform's default
const UNREACHABLE = '127.0.0.1:9';
// The limits count every request, and reject none.
const unlimited = {
  RATE_LIMIT_PER_MINUTE: '100000000',
  ADDRESS_LIMIT_PER_MINUTE: '100000000',
};

/** Makes the artifact of the gateway of the present sources, as `npm start` does. @returns its folder */
export function stageGateway(): string {
  execFileSync(process.execPath, [
    join(import.meta.dirname, '../../platform/controller/src/stager/stage-main.ts'),
    gatewayApp,
  ]);
  return staged(apps.find((app) => app.name === gatewayApp)!)!.folder;
}

/**
 * An artifact of the gateway with the platform's flags; it exports traces at the default sampling. Without Kafka, which
 * only ends sessions there. `BENCH_NODE_OPTIONS` adds flags, such as `--cpu-prof`.
 */
export async function gateway(
  artifactFolder: string,
  { surroundingsPort, keyThumbprint }: Surroundings,
  folder: string,
): Promise<RunningProxy> {
  const metadata = JSON.parse(readFileSync(join(artifactFolder, 'artifact.json'), 'utf8'));
  const artifact: Artifact = { ...metadata, folder: artifactFolder };
  const [port] = (await freePorts(1)) as [number];
  const surroundings = `http://127.0.0.1:${surroundingsPort}`;
  const env = {
    SYSTEM_NAME: 'bench',
    ENVIRONMENT: 'bench',
    TOKEN_KEY_THUMBPRINTS: keyThumbprint,
    CONSUL_HTTP_ADDR: surroundings,
    MESSAGING_URL: `kafka://${UNREACHABLE}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: surroundings,
    ...unlimited,
    ...(process.env['BENCH_NODE_OPTIONS'] && { NODE_OPTIONS: process.env['BENCH_NODE_OPTIONS'] }),
  };
  const { digest, version } = artifact;
  const record: InstanceRecord = {
    ...{
      app: gatewayApp,
      slot: 1,
      processes: 'web,worker' as const,
      serial: 1,
      port,
      hash: '',
      digest,
    },
    ...{ version, startedAt: new Date().toISOString(), memoryMb: MEMORY_MB },
  };
  const spec = { artifact, env, memoryMb: MEMORY_MB, hash: '' };
  const instance = Instance.start(record, spec, join(folder, `${port}.log`));
  const pid = instance.child.pid!;
  pin(pid, cores.measured);
  await instance.ready();
  return { port, pids: () => [pid], stop: () => instance.child.stop(15_000) };
}

/** One of proxies.ts, with Node's default flags. */
export async function nodeProxy(
  name: string,
  { upstreamPorts }: Surroundings,
): Promise<RunningProxy> {
  const file = join(import.meta.dirname, 'proxies.ts');
  const child = fork(file, [name, String(upstreamPorts[0])], { execArgv: [] });
  pin(child.pid!, cores.measured);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number));
    child.once('exit', (code) => reject(new Error(`${name} exited with ${code}`)));
  });
  return { port, pids: () => [child.pid!], stop: () => stopped(child) };
}

/** nginx with one worker. @returns undefined when it is not installed */
export async function nginx(
  { upstreamPorts }: Surroundings,
  folder: string,
): Promise<RunningProxy | undefined> {
  const command = locate('nginx');
  if (!command) return undefined;
  const [port] = (await freePorts(1)) as [number];
  const config = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 65s;
  ${temporary.map((each) => `${each}_temp_path ${folder}/${each};`).join(' ')}
  upstream service { server 127.0.0.1:${upstreamPorts[0]}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`,
  );
  const child = spawn(command, ['-c', config, '-p', folder], { stdio: 'inherit' });
  await sleep(500);
  const pids = () => [child.pid!, ...childrenOf(child.pid!)];
  for (const pid of pids()) pin(pid, cores.measured);
  return { port, pids, stop: () => stopped(child) };
}

async function stopped(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exited;
}

function childrenOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((each) => parentOf(each) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) (?=[A-Z] )/);
    return Number(rest.split(' ')[1]);
  } catch {
    return undefined; // it has ended
  }
}

function locate(command: string): string | undefined {
  try {
    return execFileSync('which', [command], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
