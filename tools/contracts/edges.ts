import 'reflect-metadata';
import { globSync, readFileSync } from 'node:fs';
import { routes } from '@fieldguide/contracts/gateway/routes';
import { topics } from '@fieldguide/platform-model/derive';
import { tokenIssuerOf } from '@fieldguide/platform-model/roles';
import { outlineOf, type ServiceOutline } from '@fieldguide/service/inspection';
import { JwksKeySource } from '@fieldguide/service/testing';
import { system } from '@fieldguide/system';
import type { Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';
import { committedPacts, sendersOf } from './pact-files.ts';

/** `<consumer> requests <provider> <route>` or `<consumer> consumes <provider> <topic>/<type>`; parameters have no names. */
export type Edge = string;

export const requests = (consumer: string, provider: string, route: string): Edge =>
  `${consumer} requests ${provider} ${withoutName(route)}`;
export const consumes = (consumer: string, topic: string, type: string): Edge =>
  `${consumer} consumes ${producerOf(topic)} ${topic}/${type}`;

interface Service extends ServiceOutline {
  readonly name: string;
}
const services: readonly Service[] = await Promise.all(
  Object.keys(system.apps).map(async (name) => {
    const exported = await import(`../../apps/${name}/src/${name}.module.ts`);
    const [module] = Object.values(exported) as Type[];
    return { name, ...(await outlineOf(module!)) };
  }),
);
const JWKS = '/.well-known/jwks.json';
/** For clients of other systems, by the standards: no consumer here has a pact on them. */
const standard = [JWKS, '/oauth/token', '/.well-known/oauth-authorization-server'];
const issuer = tokenIssuerOf(system);

/** Derives the edges from the sources: route table, clients, subscriptions. */
export function realEdges(): Set<Edge> {
  return new Set([
    // The storefront uses the routes of the gateway.
    ...routes
      .filter(({ path }) => !standard.includes(path))
      .map(({ to, path }) => requests('shop', to, path)),
    ...services
      .filter(({ providers }) => providers.has(JwksKeySource))
      .map(({ name }) => requests(name, issuer.app, JWKS)),
    ...services.flatMap(({ name }) => clientsIn(name)),
    ...services.flatMap(subscriptionsOf),
  ]);
}

/** Derives the edges from the committed pacts. */
export function pactEdges(): Set<Edge> {
  const edges = committedPacts().flatMap(({ consumer, provider, interactions }) =>
    (interactions as readonly Interaction[]).map(({ request, contents, metadata }) =>
      request
        ? requests(consumer.name, provider.name, routeOf(provider.name, request))
        : consumes(consumer.name, metadata!.topic, contents!.content.type),
    ),
  );
  return new Set(edges);
}

interface Interaction {
  readonly request?: { readonly method: string; readonly path: string };
  readonly contents?: { readonly content: { readonly type: string } };
  readonly metadata?: { readonly topic: string };
}

/** Finds calls to other services in the sources: each has `peer` and `route`, for its metrics. */
function clientsIn(service: string): Edge[] {
  const files = globSync(`apps/${service}/src/**/*.ts`, {
    exclude: (name) => name.endsWith('.spec.ts'),
  });
  return files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    const peers = new Set([...text.matchAll(/peer: '([a-z-]+)'/g)].map(([, peer]) => peer!));
    const output = [...text.matchAll(/route(?: =|:)([^;\n]*)/g)].flatMap(([, words]) => [
      ...words!.matchAll(/'(\/[^']*)'/g),
    ]);
    const own = output.flatMap(([, route]) =>
      [...peers].map((peer) => requests(service, peer, route!)),
    );
    const token = text.includes('withServiceToken: true')
      ? [requests(service, issuer.app, issuer.path)]
      : [];
    return [...own, ...token];
  });
}

function subscriptionsOf({ name, controllers }: Service): Edge[] {
  const declared = controllers.flatMap((controller) =>
    methodsOf(controller).flatMap((method) => {
      const extras = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method) as
        | { contract: { topic: string; type: string } }
        | undefined;
      return extras ? [extras.contract] : [];
    }),
  );
  return declared
    .filter(({ topic }) => producerOf(topic) !== name)
    .map(({ topic, type }) => consumes(name, topic, type));
}

function routeOf(provider: string, { method, path }: { method: string; path: string }): string {
  const { controllers } = services.find(({ name }) => name === provider)!;
  const found = controllers.flatMap((controller) =>
    methodsOf(controller).flatMap((handler) => {
      const verb = Reflect.getMetadata(METHOD_METADATA, handler) as number | undefined;
      if (verb === undefined || verbs[verb] !== method) return [];
      const parts = [controller, handler].map((at) =>
        String(Reflect.getMetadata(PATH_METADATA, at)),
      );
      const route = `/${parts.filter((part) => part !== '/').join('/')}`;
      const pattern = new RegExp(`^${route.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
      return pattern.test(path) ? [route] : [];
    }),
  );
  const exact = found.find((route) => route === path) ?? found[0];
  if (!exact)
    throw new Error(`${provider} has no route for ${method} ${path}, which a pact requests`);
  return exact;
}

// As Nest counts its request methods.
const verbs = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];

const methodsOf = ({ prototype }: Type): object[] =>
  Object.getOwnPropertyNames(prototype)
    .filter((name) => name !== 'constructor')
    .map((name) => Object.getOwnPropertyDescriptor(prototype, name)!.value as object);

/** Returns the producer of a topic: the owner for events, the sending service for commands. */
function producerOf(topic: string): string {
  const { kind, owner } = topics(system).find(({ name }) => name === topic) ?? {};
  const [producer] = kind === 'events' ? [owner] : sendersOf(topic);
  return producer ?? 'unknown';
}
const withoutName = (route: string) => route.replaceAll(/:\w+/g, ':');
