// Generates OpenAPI 3.1 documents from the routes, the contracts' schemas and examples, and the services' errors.
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConsistencyToken } from '@fieldguide/contracts/consistency-token';
import type { Example } from '@fieldguide/contracts/example';
import { orderId } from '@fieldguide/contracts/example-data';
import type { ResponseHeader, Route } from '@fieldguide/contracts/gateway/route';
import { IdempotencyKey } from '@fieldguide/contracts/idempotency-key';
import * as shared from '@fieldguide/contracts/money';
import { Problem } from '@fieldguide/contracts/problem';
import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi';

interface DefinedError {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}
type Exports = Readonly<Record<string, unknown>>;

const own = (status: number, code: string, message: string): DefinedError => ({
  status,
  code,
  message,
});
const everyRoute = [
  own(400, 'unreadable', 'The request does not match this document.'),
  own(429, 'tooManyRequests', 'The caller or its address sends too many requests.'),
  own(500, 'unexpected', 'An unexpected error, with a trace id.'),
  own(503, 'serviceUnavailable', 'The service cannot be reached.'),
  own(503, 'overloaded', 'More requests to the service are in progress than it can handle.'),
];
const routesWithBody = [
  own(408, 'requestTimeout', 'The body did not arrive in time.'),
  own(413, 'bodyTooLarge', 'The body is larger than 64 KiB.'),
  own(415, 'invalidMediaType', 'The body is not application/json.'),
];
const routesWithToken = [
  own(401, 'signInFirst', 'A valid token is needed.'),
  own(403, 'notAllowed', 'The token does not have the scope that this operation needs.'),
];

const ETag = z.string().regex(/^"\d+"$/);
const etagExample = { examples: ['"3"'] };
const tokenExample = { examples: [`order-${orderId}@3`] };
const responseHeaders: Readonly<Record<ResponseHeader, z.ZodType>> = {
  ETag: ETag.meta({ description: 'The version of the resource.', ...etagExample }),
  Location: z.string().meta({ description: 'The path of the new resource.' }),
  Age: z.string().meta({ description: 'Seconds since the gateway stored it.' }).optional(),
  'Cache-Status': z
    .string()
    .meta({
      description: 'Whether the gateway had it stored (RFC 9211).',
      examples: ['gateway; hit; ttl=3'],
    })
    .optional(),
  'Consistency-Token': ConsistencyToken.meta({
    description: 'Send it with a read: the response is not older than this one.',
    ...tokenExample,
  }),
};
const problemHeaders: Readonly<Record<number, z.ZodObject>> = {
  401: z.object({ 'WWW-Authenticate': z.string().meta({ examples: ['Bearer'] }) }),
  429: z.object({ 'Retry-After': z.string().meta({ description: 'Seconds.' }) }),
  503: z.object({ 'Retry-After': z.string().meta({ description: 'Seconds.' }).optional() }),
};

/** Describes routes in one document; `contracts` are the exports of the contracts that the routes use. */
export async function openapi(
  routes: readonly Route[],
  contracts: readonly Exports[],
  info: { readonly title: string; readonly description: string },
): Promise<object> {
  const errors = await definedErrors();
  const examples = await allExamples();
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    const operation = operationOf(route, errors, examples);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation };
  }
  const document = createDocument({
    openapi: '3.1.0',
    info: { ...info, version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: schemasOf([shared, { Problem, ConsistencyToken }, ...contracts]),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      },
    },
  });
  return withoutUnused(document);
}

function operationOf(
  { method, path, to, who, summary, status, more }: Route,
  errors: ReadonlyMap<string, DefinedError>,
  examples: readonly Example[],
): ZodOpenApiOperationObject {
  const { operationId, query, body, form, answer } = more;
  const ofCache = more.cache ? (['Age', 'Cache-Status'] as const) : [];
  const headers = [...(more.headers ?? []), ...ofCache];
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const ids = names.map((name) => [name, name === 'key' ? z.string() : shared.IdRequest] as const);
  const isCached = method === 'GET' && headers.includes('ETag');
  const sent = {
    ...(more.key && { 'Idempotency-Key': IdempotencyKey.meta({ examples: ['order-2030-0001'] }) }),
    ...(more.version && { 'If-Match': ETag.meta({ description: 'The ETag of the last read.' }) }),
    ...(isCached && { 'If-None-Match': z.string().meta(etagExample).optional() }),
    ...(more.consistent && { 'Consistency-Token': ConsistencyToken.meta(tokenExample).optional() }),
  };
  const returned = [
    ...everyRoute,
    ...(body ? routesWithBody : []),
    ...(who === 'signedIn' ? routesWithToken : []),
    ...(more.errors ?? []).map((name) => {
      const found = errors.get(`${to}.${name}`);
      if (!found) throw new Error(`${operationId}: no error ${to}.${name} is defined.`);
      return found;
    }),
  ];
  const json = (schema: z.ZodType) => {
    const value = examples.find((each) => each.schema === schema)?.value;
    return { 'application/json': { schema, ...(value !== undefined && { example: value }) } };
  };
  const sentBack = z.object(
    Object.fromEntries(headers.map((name) => [name, responseHeaders[name]])),
  );
  return {
    operationId,
    summary,
    tags: [to],
    security: who === 'anyone' ? [] : [{ [to === 'payment-provider' ? 'apiKey' : 'token']: [] }],
    requestParams: {
      ...(ids.length > 0 && { path: z.object(Object.fromEntries(ids)) }),
      ...(query && { query: query as z.ZodObject }),
      ...(Object.keys(sent).length > 0 && { header: z.object(sent) }),
    },
    ...(body && { requestBody: { required: true, content: json(body) } }),
    ...(form && { requestBody: { required: true, content: { [FORM]: { schema: form.body } } } }),
    responses: {
      [`${status}`]: {
        description: summary,
        ...(headers.length > 0 && { headers: sentBack }),
        ...(answer && { content: json(answer) }),
      },
      ...(isCached && { 304: { description: 'Not modified.', headers: sentBack } }),
      ...problems(returned),
      ...(form && oauthErrors(form.error)),
    } as ZodOpenApiOperationObject['responses'],
  };
}

const FORM = 'application/x-www-form-urlencoded';

function oauthErrors(schema: z.ZodType): Record<string, ZodOpenApiResponseObject> {
  const response = (description: string) => ({
    description,
    content: { 'application/json': { schema } },
  });
  return { 400: response('The request is rejected.'), 401: response('The client is not known.') };
}

/** One response per status; its examples are the errors that an operation returns with it. */
function problems(errors: readonly DefinedError[]): Record<string, ZodOpenApiResponseObject> {
  const responses = [...Map.groupBy(errors, ({ status }) => status)].map(([status, each]) => {
    const examples = each.map(({ code, message }) => [
      code,
      { value: { type: `/problems/${code}`, title: message, status } },
    ]);
    const response: ZodOpenApiResponseObject = {
      description: each.map(({ code, message }) => `\`${code}\`: ${message}`).join('\n'),
      ...(problemHeaders[status] && { headers: problemHeaders[status] }),
      content: {
        'application/problem+json': { schema: Problem, examples: Object.fromEntries(examples) },
      },
    };
    return [String(status), response];
  });
  return Object.fromEntries(responses) as Record<string, ZodOpenApiResponseObject>;
}

/** Errors by `<service>.<name>`, from the files in which the services define them. */
async function definedErrors(): Promise<Map<string, DefinedError>> {
  const found = new Map<string, DefinedError>();
  for (const path of globSync('apps/*/src/**/*.errors.ts')) {
    const [, service] = path.replaceAll('\\', '/').split('/');
    for (const table of Object.values(await imported(path))) {
      for (const [name, create] of Object.entries(table as Record<string, () => DefinedError>)) {
        if (typeof create === 'function') found.set(`${service}.${name}`, create());
      }
    }
  }
  return found;
}

async function allExamples(): Promise<Example[]> {
  const files = await Promise.all(globSync('contracts/*/examples.ts').toSorted().map(imported));
  // By name: the order of a module's exports depends on who loads it.
  return files.flatMap((each) =>
    Object.keys(each)
      .toSorted()
      .map((name) => each[name] as Example),
  );
}

async function imported(path: string): Promise<Exports> {
  return (await import(pathToFileURL(resolve(path)).href)) as Exports;
}

/** Every exported schema is a component, by its name. */
function schemasOf(contracts: readonly Exports[]): Record<string, z.ZodType> {
  const all = contracts.flatMap((each) => Object.entries(each).toSorted());
  return Object.fromEntries(
    all.filter((each): each is [string, z.ZodType] => each[1] instanceof z.ZodType),
  );
}

/** Selects the components that the document refers to. */
function withoutUnused(document: { components?: { schemas?: object } }): object {
  const schemas = Object.entries(document.components?.schemas ?? {});
  const isUsed = ([name]: [string, unknown]) =>
    JSON.stringify(document).includes(`"#/components/schemas/${name}"`);
  const used = schemas.filter(isUsed);
  const smaller = {
    ...document,
    components: { ...document.components, schemas: Object.fromEntries(used) },
  };
  return used.length < schemas.length ? withoutUnused(smaller) : document;
}
