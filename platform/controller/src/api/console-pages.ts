import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { root } from '@fieldguide/platform-host/environment';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import type { Platform } from '../platform.ts';
import { stageWeb, webArtifactOf } from '../stager/stage-web.ts';
import { ApiProblem } from './problem.ts';

const FOLDER = join(root, 'apps/console');
const POLICY =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Builds and serves the files of the console. */
export class ConsolePages {
  readonly #platform: Pick<Platform, 'environment' | 'events'>;
  #building: Promise<void> | undefined;
  #problem: string | undefined;
  #folder: string | undefined;
  #files: ReadonlySet<string> = new Set();

  constructor(platform: Pick<Platform, 'environment' | 'events'>) {
    this.#platform = platform;
  }

  /** Builds the console in the background, if its sources have changed. */
  build(): void {
    const { environment, events } = this.#platform;
    if (this.#folder === webArtifactOf(FOLDER)) return;
    this.#building ??= stageWeb(FOLDER, environment)
      .then((folder) => {
        const files = readdirSync(folder, { recursive: true, withFileTypes: true });
        const paths = files.filter((each) => each.isFile()).map((each) => pathIn(folder, each));
        this.#files = new Set(paths);
        [this.#folder, this.#problem] = [folder, undefined];
      })
      .catch((error: Error) => {
        this.#problem = error.message;
        events.warn(`! ${error.message}`);
      })
      .finally(() => (this.#building = undefined));
  }

  readonly routes: FastifyPluginAsync = async (api) => {
    const config = { isPublic: true };
    const schema = { hide: true };
    for (const path of ['/', '/console'])
      api.get(path, { config, schema }, (_, reply) => reply.redirect('/console/system'));
    api.get<{ Params: { '*': string } }>('/console/*', { config, schema }, (request, reply) =>
      this.#send(request.params['*'], reply.header('content-security-policy', POLICY)),
    );
  };

  #send(path: string, reply: FastifyReply): FastifyReply {
    const isPage = extname(path) === '';
    if (isPage) this.build();
    if (!this.#folder) return isPage ? this.#sendProgress(reply) : notFound();
    if (!isPage && !this.#files.has(path)) return notFound();
    const file = isPage ? 'index.html' : path;
    return reply
      .type(types[extname(file)] ?? 'application/octet-stream')
      .header(
        'cache-control',
        path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      )
      .send(readFileSync(join(this.#folder, file)));
  }

  #sendProgress(reply: FastifyReply): FastifyReply {
    const text = this.#problem ? escaped(this.#problem) : 'The console is being built.';
    return reply
      .status(503)
      .type('text/html; charset=utf-8')
      .headers({ 'cache-control': 'no-store', ...(!this.#problem && { refresh: '1' }) })
      .send(`<!doctype html><html lang="en"><title>Console</title><p>${text}</p></html>`);
  }
}

function pathIn(folder: string, { parentPath, name }: { parentPath: string; name: string }) {
  return join(parentPath, name)
    .slice(folder.length + 1)
    .replaceAll('\\', '/');
}

function notFound(): never {
  throw new ApiProblem(404, 'unknown', 'There is no such file.', '/console/system');
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
