import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { HttpConfig } from './http-config.ts';
import { adapterTrusting, trustProxies } from './trusted-proxies.ts';

async function addressSeen(
  { isEdge, configured }: { isEdge: boolean; configured?: string[] },
  remoteAddress: string,
  forwardedFor: string,
): Promise<string> {
  const proxies = new BlockList();
  trustProxies(proxies, configured, isEdge);
  const fastify = adapterTrusting(proxies).getInstance();
  fastify.get('/', async ({ ip }) => ip);
  const headers = { 'x-forwarded-for': forwardedFor };
  return (await fastify.inject({ url: '/', remoteAddress, headers })).body;
}
const client = '192.0.2.1';

describe('the address of a caller', () => {
  it.each(['127.0.0.1', '::ffff:127.0.0.1', '::1', '10.1.2.3', '172.18.0.4', 'fd00::4'])(
    'is the one in the header of the gateway at %s',
    async (gateway) => expect(await addressSeen({ isEdge: false }, gateway, client)).toBe(client),
  );
  it('is the connection of a caller outside, whatever its header is', async () => {
    expect(await addressSeen({ isEdge: false }, '203.0.113.9', client)).toBe('203.0.113.9');
    expect(await addressSeen({ isEdge: false }, '10.1.2.3', `${client}, 203.0.113.9`)).toBe(
      '203.0.113.9',
    );
  });
  it('is the connection at the edge, unless a proxy in front of it is configured', async () => {
    expect(await addressSeen({ isEdge: true }, '127.0.0.1', client)).toBe('127.0.0.1');
    const configured = ['198.51.100.0/24'];
    const seen = addressSeen({ isEdge: true, configured }, '198.51.100.7', client);
    expect(await seen).toBe(client);
  });
});

describe('the setting', () => {
  const parse = (TRUSTED_PROXIES: string) =>
    HttpConfig.schema.safeParse({ PORT: '0', TRUSTED_PROXIES });
  it('is a list of addresses and ranges', () => {
    expect(parse('10.0.0.0/8, ::1').data?.TRUSTED_PROXIES).toEqual(['10.0.0.0/8', '::1']);
    for (const bad of ['*', 'gateway', '10.0.0.0/33', '10.0.0.0/'])
      expect(parse(bad).success, bad).toBe(false);
  });
});
