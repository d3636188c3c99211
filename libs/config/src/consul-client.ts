import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import Consul from 'consul';

/** How a process reaches Consul: HashiCorp's own names, which its command line reads too. */
export interface ConsulSettings {
  readonly CONSUL_HTTP_ADDR: string;
  readonly CONSUL_HTTP_TOKEN?: string | undefined;
  readonly CONSUL_CACERT?: string | undefined;
}

/** Creates a client that sends the token of this service with every call. */
export function consulClient(settings: ConsulSettings): Consul {
  const { CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN: token, CONSUL_CACERT: caFile } = settings;
  const { hostname, port, protocol } = new URL(CONSUL_HTTP_ADDR);
  const secure = protocol === 'https:';
  return new Consul({
    host: hostname,
    port: Number(port || (secure ? 443 : 80)),
    secure,
    ...(token && { defaults: { token } }),
    ...(secure && caFile && { agent: new Agent({ keepAlive: true, ca: readFileSync(caFile) }) }),
  });
}
