import { validate } from '@apidevtools/swagger-parser';
import type { Route } from '@fieldguide/contracts/gateway/route';
import { routes } from '@fieldguide/contracts/gateway/routes';
import { placeOrder } from '@fieldguide/contracts/ordering/examples';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { documents, GENERATED, providers } from './documents.ts';
import { openapi } from './openapi.ts';

type Operation = { operationId?: string; responses: Record<string, object>; security: object[] };
type Document = { paths: Record<string, Record<string, Operation>> };

const files = await documents();
const described = [...providers, 'gateway'].filter((name) =>
  files.has(`${GENERATED}/${name}/openapi.json`),
);
const read = (name: string) => JSON.parse(files.get(`${GENERATED}/${name}/openapi.json`)!);
const operationsOf = (document: Document) =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, ...operation })),
  );
const info = { title: 'Test', description: 'Test.' };

describe.each(described)('the OpenAPI document of %s', (name) => {
  it('is valid, and every reference resolves', async () => {
    await expect(validate(read(name))).resolves.toBeDefined();
  });

  it('gives every operation an operationId of its own', () => {
    const ids = operationsOf(read(name)).map(({ operationId }) => operationId);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('describes every error as a problem, except those of OAuth', () => {
    for (const { operationId, responses } of operationsOf(read(name))) {
      const statuses = Object.keys(responses);
      expect(statuses, operationId).toEqual(expect.arrayContaining(['400', '429', '500', '503']));
      const ofOAuth = operationId === 'requestOAuthToken' ? ['400', '401'] : [];
      const errors = statuses.filter((each) => Number(each) >= 400 && !ofOAuth.includes(each));
      for (const status of errors)
        expect(responses[status]).toHaveProperty(
          ['content', 'application/problem+json', 'schema', '$ref'],
          '#/components/schemas/Problem',
        );
    }
  });
});

describe('the OpenAPI document of the gateway', () => {
  it('has every route, and nothing else', () => {
    const inTable = routes.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':')}`);
    const inDocument = operationsOf(read('gateway')).map(
      ({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, ':')}`,
    );
    expect(inDocument.toSorted()).toEqual(inTable.toSorted());
  });

  it('documents 401 and the token exactly where a route needs one', () => {
    for (const { method, path, who } of routes) {
      const operation =
        read('gateway').paths[path.replaceAll(/:(\w+)/g, '{$1}')][method.toLowerCase()];
      expect(operation.security).toEqual(who === 'signedIn' ? [{ token: [] }] : []);
    }
  });
});

describe('an OpenAPI document', () => {
  const route = (errors: string[]): Route => ({
    method: 'GET',
    path: '/things/:id',
    to: 'catalog',
    who: 'anyone',
    status: 200,
    summary: 'Get a thing',
    more: { operationId: 'getThing', answer: z.object({ name: z.string() }), errors },
  });

  it('has the status of each error that the service defines', async () => {
    const document = (await openapi([route(['skuTaken'])], [], info)) as Document;
    expect(document.paths['/things/{id}']!['get']!.responses).toHaveProperty('409');
  });

  it('is not generated for an error that no service defines', async () => {
    await expect(openapi([route(['skuTakn'])], [], info)).rejects.toThrow(
      'getThing: no error catalog.skuTakn is defined.',
    );
  });

  it('shows the examples of the contracts', () => {
    const { requestBody } = read('gateway').paths['/orders'].post;
    expect(requestBody.content['application/json'].example).toEqual(placeOrder.value);
  });
});
