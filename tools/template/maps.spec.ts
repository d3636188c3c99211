import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { addToMaps, importedByRoutes, removeFromMaps, removeWebApp } from './maps.ts';

const system = `import * as catalog from '@acme/contracts/catalog';

export const system = defineSystem({
  apps: {
    'payment-provider': { kind: 'external' },
    catalog: { kind: 'service', contract: catalog },
  },
  name: 'acme',
});
`;
const routes = `import { Product } from '../catalog/index.ts';
import { anyone, type Route } from './route.ts';

export const routes: readonly Route[] = [
  anyone('GET /products', 'catalog', 200, 'List products', { answer: Product }),
];
`;
let root: string;
const read = (file: string) => readFileSync(join(root, file), 'utf8');
/** The lines of a source without layout, which the formatter restores. */
const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim().replace(/,$/, ''))
    .filter(Boolean);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'maps-'));
  mkdirSync(join(root, 'system'));
  mkdirSync(join(root, 'contracts/gateway'), { recursive: true });
  writeFileSync(join(root, 'system/system.ts'), system);
  writeFileSync(join(root, 'contracts/gateway/routes.ts'), routes);
});

const add = () =>
  addToMaps(
    {
      name: 'reviews',
      contract: 'reviews',
      scope: '@acme',
      entry: "{ kind: 'service', contract: reviews }",
      routeImports: ['Review'],
      routes: ["anyone('GET /reviews', 'reviews', 200, 'List reviews', { answer: Review })"],
    },
    root,
  );

it('adds a service at the end of both maps', () => {
  add();
  expect(lines(read('system/system.ts'))).toEqual([
    "import * as catalog from '@acme/contracts/catalog';",
    'import * as reviews from "@acme/contracts/reviews";',
    'export const system = defineSystem({',
    'apps: {',
    "'payment-provider': { kind: 'external' }",
    "catalog: { kind: 'service', contract: catalog }",
    "reviews: { kind: 'service', contract: reviews }",
    '}',
    "name: 'acme'",
    '});',
  ]);
  const table = lines(read('contracts/gateway/routes.ts'));
  expect(table).toContain('import { Review } from "../reviews/index.ts";');
  expect(table.at(-3)).toMatch(/GET \/products/);
  expect(table.at(-2)).toMatch(/GET \/reviews/);
});

it('removes what it has added', () => {
  add();
  removeFromMaps('reviews', root);
  expect(lines(read('system/system.ts'))).toEqual(lines(system));
  expect(lines(read('contracts/gateway/routes.ts'))).toEqual(lines(routes));
});

it('removes a service whose name is quoted, and no other', () => {
  removeFromMaps('payment-provider', root);
  expect(read('system/system.ts')).not.toContain('payment-provider');
  expect(read('system/system.ts')).toContain('catalog: {');
  expect(read('contracts/gateway/routes.ts')).toBe(routes);
});

it('finds the contract whose name a new service would import again', () => {
  expect(importedByRoutes(['Product', 'ProductPage'], root)).toBe('../catalog/index.ts');
  expect(importedByRoutes(['Review'], root)).toBeUndefined();
});

it('removes a web application', () => {
  const webApps =
    "webApps: { shop: { servedBy: 'gateway' }, 'back-office': { servedBy: 'platform' } }";
  const text = system.replace("name: 'acme'", `${webApps},\n  name: 'acme'`);
  writeFileSync(join(root, 'system/system.ts'), text);
  removeWebApp('shop', root);
  expect(read('system/system.ts')).not.toMatch(/shop/);
  expect(read('system/system.ts')).toContain("'back-office': { servedBy: 'platform' }");
});
