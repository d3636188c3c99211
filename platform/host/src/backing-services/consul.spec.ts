import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aclOf, isComplete, keepsData } from './consul.ts';

let folder: string;
let program: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldguide-'));
  program = join(folder, 'consul');
});
afterEach(() => rmSync(folder, { recursive: true }));

it('uses a cached Consul only while its checksum matches', async () => {
  expect(await isComplete(program)).toBe(false);
  writeFileSync(program, 'from an older version, without a checksum');
  expect(await isComplete(program)).toBe(true);
  writeFileSync(program, 'changed');
  expect(await isComplete(program)).toBe(false);
  expect(existsSync(program)).toBe(false); // downloaded again
});

it('denies by default, by the name that the version of Consul knows', () => {
  const tokens = (version: string) => aclOf(version, 'secret');
  const common = { enabled: true, default_policy: 'deny' };
  expect(tokens('1.8.7')).toEqual({ ...common, tokens: { master: 'secret', agent: 'secret' } });
  const now = { ...common, tokens: { initial_management: 'secret', agent: 'secret' } };
  expect([tokens('1.11.0'), tokens('1.21.4'), tokens('2.0.0')]).toEqual([now, now, now]);
});

it('keeps the data of Consul only with the same server port and the same tokens', () => {
  const config = (server: number, http: number, token?: string) =>
    JSON.stringify({ ports: { server, http }, ...(token && { acl: aclOf('1.8.7', token) }) });
  const now = config(1, 2, 'secret');
  expect(keepsData(config(1, 3, 'secret'), now)).toBe(true);
  expect(keepsData(config(4, 2, 'secret'), now)).toBe(false);
  expect(keepsData(config(1, 2, 'earlier'), now)).toBe(false);
  expect(keepsData(config(1, 2), now)).toBe(false); // of a version without ACLs
});
