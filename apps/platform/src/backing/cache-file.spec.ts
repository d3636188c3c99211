import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as CacheFile from './cache-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'cache-file-'));
const cache = join(folder, 'cache');
const file = join(folder, 'export.tar');
let room: typeof CacheFile;
beforeAll(async () => {
  vi.stubEnv('FIELDGUIDE_CACHE', cache);
  vi.resetModules();
  room = await import('./cache-file.ts');
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

describe('a file with all downloads', () => {
  it('fills an empty cache, with what was whole', async () => {
    expect(await room.exportCache(file)).toMatchObject({ files: 2 });
    rmSync(cache, { recursive: true });
    expect(await room.importCache(file)).toEqual({ files: 2 });
    expect(readFileSync(join(cache, 'kafka-1', 'a.jar'), 'utf8')).toBe('a jar');
    expect(room.cacheContent().files).toEqual(['consul', 'kafka-1/a.jar']);
  });

  it('is refused when a part is damaged, and nothing of it is taken', async () => {
    await room.exportCache(file);
    const bytes = readFileSync(file);
    bytes.write('A JAR', bytes.indexOf('a jar'));
    writeFileSync(file, bytes);
    rmSync(cache, { recursive: true });
    await expect(room.importCache(file)).rejects.toThrow(/a.jar.*damaged/);
    expect(existsSync(join(cache, 'consul'))).toBe(false);
  });

  it('is refused when it is cut off, or something else', async () => {
    await room.exportCache(file);
    writeFileSync(file, readFileSync(file).subarray(0, 700));
    await expect(room.importCache(file)).rejects.toThrow(/no export|damaged/);
    writeFileSync(file, 'something else');
    await expect(room.importCache(file)).rejects.toThrow(/no export/);
  });

  it('that leads out of the cache is refused', async () => {
    const inside = join(folder, 'evil');
    mkdirSync(inside, { recursive: true });
    const manifest = {
      platform: `${process.platform}-${process.arch}`,
      files: { '../outside': 'x' },
    };
    writeFileSync(join(inside, 'manifest.json'), JSON.stringify(manifest));
    await create({ file, cwd: inside }, ['manifest.json']);
    await expect(room.importCache(file)).rejects.toThrow(/damaged or missing/);
  });

  it('of nothing is not made', async () => {
    rmSync(cache, { recursive: true });
    await expect(room.exportCache(file)).rejects.toThrow(/cache is empty/);
  });
});
