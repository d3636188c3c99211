import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapi from '@fieldguide/contracts/openapi.json' with { type: 'json' };
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';

// The stager puts them beside the bundle (`assets` in system/system.ts).
const folder = new URL('./assets/', import.meta.url);
const assets: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
};

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Fieldguide: the API</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="docs"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>`;
const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs' });`;
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** `/openapi.json`, and a page to read and try it. */
@Injectable()
export class ApiDocs implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost<FastifyAdapter>) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance();
    const document = JSON.stringify(openapi);
    fastify.get('/openapi.json', (_request, reply) =>
      reply.type('application/json').send(document),
    );
    fastify.get('/docs', (_request, reply) =>
      reply.type('text/html').header('content-security-policy', policy).send(page),
    );
    fastify.get('/docs/start.js', (_request, reply) => reply.type('text/javascript').send(start));
    for (const [file, type] of Object.entries(assets)) {
      fastify.get(`/docs/${file}`, async (_request, reply) =>
        reply.type(type).send(await readFile(fileURLToPath(new URL(file, folder)))),
      );
    }
  }
}
