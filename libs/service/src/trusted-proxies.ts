import { BlockList, isIPv6 } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { serverOptions } from './http-server.ts';

/** The networks in which the gateway and the services are, in every environment of this repository. */
const PRIVATE = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1', 'fc00::/7'];

/** Adds addresses and ranges. Undefined: the private networks, and none at the edge, whose callers name any address. */
export function trustProxies(
  trusted: BlockList,
  configured: readonly string[] | undefined,
  isEdge: boolean,
): void {
  for (const each of configured ?? (isEdge ? [] : PRIVATE)) {
    const [address, prefix] = each.split('/') as [string, string | undefined];
    if (prefix) trusted.addSubnet(address, Number(prefix), familyOf(address));
    else trusted.addAddress(address, familyOf(address));
  }
}

/** Creates Fastify's adapter: `request.ip` is the client's address as far as the proxies in between are trusted. */
export function adapterTrusting(trusted: BlockList): FastifyAdapter {
  const trustProxy = (address: string) => trusted.check(address, familyOf(address));
  return new FastifyAdapter({ ...serverOptions, trustProxy });
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');
