import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';

/** Pages route themselves below one path, so that none collides with the API's. */
const PAGES = '/console';
const START = `${PAGES}/system`;

// Scripts and styles come from files only; React sets styles through the DOM, which needs no exception.
const policy =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/**
 * Serves the files of the console: those with a hash in their name for a year, and for each page the one document that names
 * them, which a browser loads again every time. Public: they contain no data.
 */
export const consolePages =
  (folder: string): FastifyPluginAsync =>
  async (api) => {
    api.addHook('onRoute', (route) => {
      route.config = { ...route.config, isPublic: true };
      route.schema = { ...route.schema, hide: true };
    });
    await api.register(fastifyStatic, {
      root: join(folder, 'assets'),
      prefix: `${PAGES}/assets/`,
      index: false,
      maxAge: '1y',
      immutable: true,
      preCompressed: true,
    });
    const page = (_request: unknown, reply: FastifyReply) => {
      reply.header('content-security-policy', policy).header('cache-control', 'no-cache');
      if (!existsSync(join(folder, 'index.html'))) return sendProgress(reply);
      return reply.sendFile('index.html', folder, { cacheControl: false });
    };
    for (const path of ['/', PAGES]) api.get(path, (_, reply) => reply.redirect(START));
    api.get(`${PAGES}/*`, page);
  };

/** The API answers before the first start has built the files. */
const sendProgress = (reply: FastifyReply) =>
  reply
    .status(503)
    .type('text/html; charset=utf-8')
    .header('refresh', '1')
    .send('<!doctype html><html lang="en"><title>Console</title><p>The console is being built.');
