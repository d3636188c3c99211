import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { GatewayConfig } from '../gateway.config.ts';

/** Pages of the web application: it routes them itself, below one path, so that none collides with the API's. */
const pages = ['/', '/shop', '/shop/*'];

// Scripts and styles come from files only; React sets styles through the DOM, which needs no exception.
const policy =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/**
 * Serves the web application: files with a hash in their name for a year, in the form that the stager has compressed, and
 * for each page the one document that names them, which a browser requests every time.
 */
@Injectable()
export class WebFiles implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly config: GatewayConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    const fastify = this.host.httpAdapter.getInstance();
    const { WEB_FOLDER: folder } = this.config;
    if (!folder) return void fastify.get('/', (_request, reply) => reply.redirect('/docs', 302));
    await fastify.register(fastifyStatic, {
      root: join(folder, 'assets'),
      prefix: '/assets/',
      index: false,
      maxAge: '1y',
      immutable: true,
      preCompressed: true,
    });
    const page = (_request: unknown, reply: FastifyReply) =>
      reply
        .header('content-security-policy', policy)
        .header('cache-control', 'no-cache')
        .sendFile('index.html', folder, { cacheControl: false });
    for (const path of pages) fastify.get(path, page);
  }
}
