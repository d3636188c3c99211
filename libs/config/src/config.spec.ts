import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Config, live, loadConfig, secret } from './index.ts';

class ShopConfig extends Config(
  z.object({
    PORT: z.coerce.number().int().default(3000),
    PASSWORD: secret(z.string().min(12)),
    LIMIT: live(z.coerce.number().int().positive().default(10)),
  }),
) {}
const kv = (...entries: [string, string][]) => ({ values: new Map(entries) });
const PASSWORD = 'a-long-password';

describe('a configuration', () => {
  it('uses the most specific source: default, common, service, environment', () => {
    const common = ['acme/local/common/LIMIT', '20'] as [string, string];
    const own = ['acme/local/shop/LIMIT', '30'] as [string, string];
    expect(loadConfig(ShopConfig, { PASSWORD }).values.LIMIT).toBe(10);
    expect(loadConfig(ShopConfig, { PASSWORD }, kv(common)).values.LIMIT).toBe(20);
    expect(loadConfig(ShopConfig, { PASSWORD }, kv(common, own)).values.LIMIT).toBe(30);
    expect(loadConfig(ShopConfig, { PASSWORD, LIMIT: '40' }, kv(common, own)).values.LIMIT).toBe(
      40,
    );
  });

  it('reports all errors together and never shows a secret', () => {
    const load = () => loadConfig(ShopConfig, { PASSWORD: 'tooshort', PORT: 'x' });
    expect(load).toThrow(/PORT[\s\S]*PASSWORD[\s\S]*Try:/);
    expect(load).not.toThrow(/tooshort/);
  });

  it('reads a secret from a file, and not from Consul', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'password');
    writeFileSync(file, `${PASSWORD}\n`);
    expect(loadConfig(ShopConfig, { PASSWORD_FILE: file }).values.PASSWORD).toBe(PASSWORD);
    expect(() => loadConfig(ShopConfig, {}, kv(['acme/local/shop/PASSWORD', PASSWORD]))).toThrow(
      /PASSWORD/,
    );
  });

  it('describes the source of each value and hides secrets', () => {
    const loaded = loadConfig(ShopConfig, { PASSWORD }, kv(['acme/local/shop/LIMIT', '30']));
    expect(loaded.describe()).toEqual({
      PORT: { value: '3000', source: 'default', live: false },
      PASSWORD: { value: '***', source: 'environment', live: false },
      LIMIT: { value: '30', source: 'consul acme/local/shop/LIMIT', live: true },
    });
  });

  it('hides a secret whose schema is wrapped', () => {
    const wrapped = {
      OPTIONAL: secret(z.string()).optional(),
      PIPED: secret(z.string()).transform(Number),
    };
    class WrappedConfig extends Config(z.object(wrapped)) {}
    const shown = loadConfig(WrappedConfig, { OPTIONAL: 'hidden', PIPED: '7' }).describe();
    expect([shown['OPTIONAL']?.value, shown['PIPED']?.value]).toEqual(['***', '***']);
  });

  it('applies a live change in place, and rejects an invalid one', () => {
    const loaded = loadConfig(ShopConfig, { PASSWORD });
    const { values } = loaded;
    expect(loaded.refresh(kv(['acme/local/shop/LIMIT', '5']).values).changed).toEqual(['LIMIT']);
    expect(values.LIMIT).toBe(5);
    expect(loaded.refresh(kv(['acme/local/shop/LIMIT', '-1']).values).refused).toMatch(/LIMIT/);
    expect(values.LIMIT).toBe(5);
    loaded.refresh(new Map());
    expect(values.LIMIT).toBe(10);
  });

  it.each(['shop', 'common'])('ignores keys in Consul that are not live: %s', (folder) => {
    const paths = ['PORT', 'NODE_OPTIONS', 'DATABASE_URL', 'PASSWORD'].map(
      (key) => `acme/local/${folder}/${key}`,
    );
    const all = kv(...paths.map((path): [string, string] => [path, '4000']));
    const loaded = loadConfig(ShopConfig, { PASSWORD }, all);
    expect(loaded.values).toEqual({ PORT: 3000, PASSWORD, LIMIT: 10 });
    expect(loaded.refresh(all.values)).toEqual({ changed: [], ignored: paths });
  });

  it('applies a live change of a file, and keeps the value when the file is gone', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'limit');
    writeFileSync(file, '5\n');
    const loaded = loadConfig(ShopConfig, { PASSWORD, LIMIT_FILE: file });
    expect(loaded.liveFiles).toEqual([file]);
    writeFileSync(file, '6\n');
    expect(loaded.refresh(new Map()).changed).toEqual(['LIMIT']);
    rmSync(file);
    expect(loaded.refresh(new Map()).refused).toMatch(/ENOENT/);
    expect(loaded.values.LIMIT).toBe(6);
  });

  it('reports an ignored key once for each change, without its value', () => {
    const loaded = loadConfig(ShopConfig, { PASSWORD });
    const [path] = ['acme/local/shop/PORT'] as const;
    const ignored = (value: string) => loaded.refresh(kv([path, value]).values).ignored;
    expect([ignored('1'), ignored('1'), ignored('2')]).toEqual([[path], [], [path]]);
    loaded.refresh(new Map());
    expect(ignored('2')).toEqual([path]);
  });
});
