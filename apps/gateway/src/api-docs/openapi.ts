import { orderId } from '@fieldguide/contracts/example-data';
import { ConsistencyToken, IdempotencyKey } from '@fieldguide/contracts/ordering';
import { z } from 'zod';
import { type Route, routes } from '../routes.ts';

const problemAnswer = {
  description: 'A problem (RFC 9457); `type` is stable, `errors` point at bad fields.',
  content: { 'application/problem+json': { schema: { type: 'object' } } },
};

/** One document for the whole surface, or another table, made of the routes and the providers' own schemas. */
export function openapi(
  table: readonly Route[] = routes,
  title = 'Fieldguide Outfitters',
  description = 'Everything that the gateway lets through.',
): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of table) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title,
      version: '1',
      description,
    },
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function operation({ method, path, to, who, summary, status, more }: Route): object {
  const { query, body, answer, consistent } = more;
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', format: 'uuid' },
  }));
  const inQuery = Object.entries(schemaOf(query)?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    schema,
  }));
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    required: true,
    schema: schemaOf(IdempotencyKey),
  };
  const version = {
    name: 'If-Match',
    in: 'header',
    required: true,
    description: 'The ETag that the resource had when it was read.',
    schema: { type: 'string', pattern: '^"\\d+"$' },
  };
  const token = {
    description: 'Send it back with a read, and that is not older than this write.',
    schema: { ...schemaOf(ConsistencyToken), examples: [`order-${orderId}@3`] },
  };
  const seen = { name: 'Consistency-Token', in: 'header', ...token };
  return {
    summary,
    tags: [to],
    ...(who === 'signedIn' && { security: [{ token: [] }] }),
    parameters: [
      ...inPath,
      ...inQuery,
      ...(more.key ? [key] : []),
      ...(more.version ? [version] : []),
      ...(consistent && method === 'GET' ? [seen] : []),
    ],
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } },
    }),
    responses: {
      [status]: {
        description: summary,
        ...(consistent && { headers: { 'Consistency-Token': token } }),
        ...(answer && { content: { 'application/json': { schema: schemaOf(answer) } } }),
      },
      default: problemAnswer,
    },
  };
}

function schemaOf(
  type: z.ZodType | undefined,
): { properties?: Record<string, object> } | undefined {
  if (!type) return undefined;
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io: 'input' });
  return schema as { properties?: Record<string, object> };
}
