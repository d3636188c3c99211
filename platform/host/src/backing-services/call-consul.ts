import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Environment } from '../environment.ts';
import { readState } from '../state.ts';
import type { BackingService } from './backing-service.ts';

export type ConsulAddress = Pick<BackingService, 'url' | 'token' | 'caFile'>;

/**
 * Calls Consul's HTTP API within two seconds: its client for Node has no ACLs. @throws Error when there is no response
 */
export async function callConsul(
  { url, token, caFile }: ConsulAddress,
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  body?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const target = new URL(path, url);
  const { request } = target.protocol === 'https:' ? https : http;
  const sent = request(target, {
    method,
    agent: false, // Consul may have restarted since the last call: a kept connection would fail
    signal: AbortSignal.timeout(2_000),
    ...(token && { headers: { 'x-consul-token': token } }),
    ...(caFile && { ca: readFileSync(caFile) }),
  });
  sent.on('error', () => undefined).end(body); // `once` rejects with it
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode!, text: await text(response) };
}

/** Returns how the platform reaches a Consul that it does not run. */
export function attachedConsul(url: string): ConsulAddress {
  const token = process.env.FIELDGUIDE_CONSUL_TOKEN;
  const caFile = process.env.FIELDGUIDE_CONSUL_CACERT;
  return { url, ...(token && { token }), ...(caFile && { caFile: resolve(caFile) }) };
}

/** Returns how to reach the Consul of a running environment as its platform. */
export function runningConsul(environment: Environment, apps: readonly string[]): ConsulAddress {
  const attached = attachedConsul(readState(environment)!.backing!['consul']!);
  return { token: environment.secrets(apps).consul['platform']!, ...attached };
}
