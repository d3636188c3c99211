import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatewayApp } from '@fieldguide/platform-host/apps';
import { root } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { topics, webConsumers } from '@fieldguide/platform-model/derive';
import { tokenIssuerOf } from '@fieldguide/platform-model/roles';
import { z } from 'zod';

const Edge = z.object({
  from: z.string(),
  to: z.string(),
  via: z.enum(['http', 'topic']),
  topic: z.string().nullable(),
  /** Types of the messages; empty for HTTP. */
  messages: z.array(z.string()),
  /** Nearly every app has it: the keys of tokens, and their end. */
  isCommon: z.boolean(),
});

export const SystemMap = z.object({
  apps: z.array(
    z.object({
      app: z.string(),
      kind: z.enum(['service', 'gateway', 'external']),
      summary: z.string(),
      team: z.string(),
      uses: z.array(z.string()),
    }),
  ),
  /** Consumers of the public API that are no apps. */
  clients: z.array(z.string()),
  topics: z.array(
    z.object({ topic: z.string(), owner: z.string(), kind: z.enum(['events', 'commands']) }),
  ),
  /** What pacts cover. */
  edges: z.array(Edge),
  plugins: z.array(z.string()),
});
type SystemMap = z.infer<typeof SystemMap>;
type Edge = z.infer<typeof Edge>;

const Pact = z.object({
  consumer: z.object({ name: z.string() }),
  provider: z.object({ name: z.string() }),
  interactions: z.array(
    z.object({
      request: z.unknown().optional(),
      contents: z.object({ content: z.object({ type: z.string() }) }).optional(),
      metadata: z.object({ topic: z.string() }).optional(),
    }),
  ),
});

/** The map with the edges that the committed pacts describe. */
export function systemMap(): SystemMap {
  return {
    apps: Object.entries(system.apps).map(([app, { kind, summary, team, uses }]) => ({
      app,
      kind,
      summary,
      team,
      uses: [...uses],
    })),
    clients: [...webConsumers(system)],
    topics: topics(system).map(({ name, owner, kind }) => ({ topic: name, owner, kind })),
    edges: pactEdges(),
    plugins: Object.keys(system.plugins ?? {}),
  };
}

function pactEdges(): Edge[] {
  const folder = join(root, 'contracts', 'pacts');
  const files = existsSync(folder) ? readdirSync(folder) : []; // a clone may have no contract tests
  const edges = files.flatMap((file) => {
    const { consumer, provider, interactions } = Pact.parse(
      JSON.parse(readFileSync(join(folder, file), 'utf8')),
    );
    return interactions.flatMap(({ request, contents, metadata }) =>
      request
        ? calls(consumer.name, provider.name)
        : message(provider.name, consumer.name, metadata!.topic, contents!.content.type),
    );
  });
  const groups = Map.groupBy(edges, ({ from, to, topic }) => `${from} ${to} ${topic}`);
  return [...groups.values()].map((same) => ({
    ...same[0]!,
    messages: [...new Set(same.flatMap(({ messages }) => messages))].toSorted(),
  }));
}

const { app: issuer } = tokenIssuerOf(system);

/** A consumer that is no app calls its provider through the gateway. */
function calls(consumer: string, provider: string): Edge[] {
  const edge = (from: string, to: string): Edge => {
    const isCommon = to === issuer && from !== gatewayApp;
    return { from, to, via: 'http', topic: null, messages: [], isCommon };
  };
  return consumer in system.apps
    ? [edge(consumer, provider)]
    : [edge(consumer, gatewayApp), edge(gatewayApp, provider)];
}

function message(from: string, to: string, topic: string, type: string): Edge[] {
  return [{ from, to, via: 'topic', topic, messages: [type], isCommon: from === issuer }];
}
