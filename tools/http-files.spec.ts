import { globSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

/** Lists the requests of a file as `METHOD /path`, without the address. */
const requestsOf = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/^([A-Z]+) \{\{\w+\}\}(\/[^\s?]*)/gm)].map(
    ([, method, path]) => `${method} ${path}`,
  );

/** Lists the operations of an OpenAPI document as patterns for `METHOD /path`. */
const operationsOf = (document: { paths: Record<string, object> }) =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) => new RegExp(`^${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`),
    ),
  );
const unknownIn = (requests: string[], operations: RegExp[]) =>
  requests.filter((request) => !operations.some((operation) => operation.test(request)));

afterAll(() => vi.unstubAllEnvs());
let platformDocument: { paths: Record<string, object> };
beforeAll(async () => {
  vi.stubEnv('FIELDGUIDE_HOME', mkdtempSync(join(tmpdir(), 'home-')));
  const { Environment } = await import('@fieldguide/platform-host/environment');
  const { Platform } = await import('@fieldguide/platform-controller/platform');
  const { Operations } = await import('@fieldguide/platform-controller/operations');
  const { openApi } = await import('@fieldguide/platform-controller/api/api');
  const environment = new Environment('http-files');
  const platform = new Platform({ environment, choices: {}, gatewayPort: 0 });
  const noData = async () => ({});
  const api = await openApi(platform, new Operations(platform), () => undefined, noData);
  platformDocument = api.swagger() as typeof platformDocument;
  await api.close();
  await platform.stop();
});

describe('a request in http/', () => {
  it('exists in the documents of the services', () => {
    const operations = globSync('contracts/generated/*/openapi.json').flatMap((file) =>
      operationsOf(JSON.parse(readFileSync(file, 'utf8'))),
    );
    const requests = requestsOf('http/shop.http');
    expect(requests).toContain('GET /products');
    expect(unknownIn(requests, operations)).toEqual([]);
    expect(unknownIn(['PUT /products'], operations)).toEqual(['PUT /products']);
  });
  it('exists in the document of the platform API', () => {
    const requests = requestsOf('http/platform.http');
    expect(requests).toContain('GET /status');
    expect(unknownIn(requests, operationsOf(platformDocument))).toEqual([]);
  });
});
