import type { Route } from '@fieldguide/contracts/gateway/route';
import { routes } from '@fieldguide/contracts/gateway/routes';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Forwarder } from '../proxy/forwarder.ts';
import { type Answer, ResponseCache } from './response-cache.ts';
import { writeShared } from './write-shared.ts';

type Handler = (
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply | Promise<FastifyReply>;

// Other spellings of a path reach the service, but not the cache: an event could not invalidate them.
const cachedUrl = /^(?:\/[a-z0-9-]+)+(?:\?[\x21-\x7e]*)?$/;
const URL_LENGTH_MAX = 500;

const cachedServices = new Set(routes.filter(({ more }) => more.cache).map(({ to }) => to));

/** Decides for each route whether its responses come from the cache, or its changes invalidate some. */
@Injectable()
export class CachedReads {
  constructor(
    private readonly cache: ResponseCache,
    private readonly forwarder: Forwarder,
  ) {}

  handlerOf({ method, path: route, to, more }: Route): Handler {
    if (more.cache) return (request, reply) => this.#read(to, route, request, reply);
    if (method === 'GET' || !cachedServices.has(to))
      return (request, reply) => this.forwarder.forward(to, request, reply);
    // RFC 9111, 4.4. The service's event arrives at every instance; this makes the next read here newer than the change.
    return async (request, reply) => {
      await this.forwarder.forward(to, request, reply);
      if (reply.raw.statusCode < 400) this.cache.invalidate(pathOf(request.raw.url!));
      return reply;
    };
  }

  #read(
    service: string,
    route: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): FastifyReply | Promise<FastifyReply> {
    const { forwarder } = this;
    const url = request.raw.url!;
    if (url.length > URL_LENGTH_MAX || !cachedUrl.test(url))
      return forwarder.forward(service, request, reply);
    const write = (answer: Answer) =>
      answer.response
        ? writeShared(answer.response, answer, request, reply)
        : forwarder.forward(service, request, reply);
    const answer = this.cache.get(url, pathOf(url), (etag) =>
      forwarder.fetch(service, route, url, etag),
    );
    if (!(answer instanceof Promise)) return write(answer);
    return answer.then(write, (error: Error) => forwarder.rejectUnavailable(service, error, reply));
  }
}

const pathOf = (url: string) => url.split('?', 1)[0]!;
