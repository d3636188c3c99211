import { readLogs } from '@fieldguide/platform-controller/log-stream/logs';
import { appNames } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { appsWith, webConsumers } from '@fieldguide/platform-model/derive';
import { gatewayOf } from '@fieldguide/platform-model/roles';
import type { Edge as SeenEdge } from '@fieldguide/platform-traces/edges';
import { system } from '@fieldguide/system';
import type { Edge } from '@fieldguide/tools/contracts/edges';
import { platform } from './running-platform.ts';

/** `catalog calls identity`, or `catalog sends catalog.products.v1 to ordering`. */
type AppEdge = string;
/** A signal of an app, such as `catalog: database span`. */
type Signal = string;

const signals = {
  SERVER: ['server span', 'http_server_request_duration_seconds_count'],
  CLIENT: ['client span', 'http_client_request_duration_seconds_count'],
  PRODUCER: ['publish span', 'messaging_client_sent_messages_total'],
  CONSUMER: ['handle span', 'messaging_process_duration_seconds_count'],
  DATABASE: ['database span', 'db_client_connections'],
} as const;
type Kind = keyof typeof signals;
const kinds = Object.keys(signals) as Kind[];

/** A span as `/zipkin/api/v2` answers it. */
interface ZipkinSpan {
  readonly traceId: string;
  readonly kind?: Exclude<Kind, 'DATABASE'>;
  readonly localEndpoint: { readonly serviceName: string };
  readonly tags: Readonly<Record<string, string>>;
}

/** The edges between apps that pacts agree on. An external consumer reaches the apps through the gateway. */
export function appEdges(pacts: Iterable<Edge>): Set<AppEdge> {
  const gateway = gatewayOf(system);
  return new Set(
    [...pacts].map((edge) => {
      const [consumer, verb, provider, target] = edge.split(' ') as [
        string,
        string,
        string,
        string,
      ];
      const caller = webConsumers(system).includes(consumer) ? gateway : consumer;
      return verb === 'requests'
        ? `${caller} calls ${provider}`
        : `${provider} sends ${target.split('/', 1)[0]} to ${consumer}`;
    }),
  );
}

/** The edges in the spans of the running system since a time. Requests of tests and operators have no calling app. */
export async function edgesInSpans(sinceMs: number): Promise<Set<AppEdge>> {
  const seconds = Math.max(5, Math.ceil((Date.now() - sinceMs) / 1_000));
  const edges = await platform().call<SeenEdge[]>('GET', `/traces/edges?seconds=${seconds}`);
  const between = edges.filter(({ from, to, via }) => from !== to && !(via === 'http' && !from));
  return new Set(
    between.map(({ from, to, via, topic }) =>
      via === 'http' ? `${from} calls ${to}` : `${from} sends ${topic} to ${to}`,
    ),
  );
}

/** The signals that the map and the contracts lead to expect of each app. */
export function expectedSignals(pacts: Iterable<Edge>): Signal[] {
  const edges = [...appEdges(pacts)].map((edge) => edge.split(' '));
  const apps = (verb: string, at: number) =>
    new Set(edges.filter((words) => words[1] === verb).map((words) => words[at]));
  const has: Record<Kind, (app: string) => boolean> = {
    SERVER: () => true,
    CLIENT: (app) => apps('calls', 0).has(app),
    PRODUCER: (app) => apps('sends', 0).has(app),
    // Also identity, which handles the ends of sessions that it has published itself: no pact.
    CONSUMER: (app) => appsWith(system, 'messaging').includes(app),
    DATABASE: (app) => appsWith(system, 'database').includes(app),
  };
  return appNames
    .flatMap((app) => [
      `${app}: log line with a trace id`,
      ...kinds.filter((kind) => has[kind](app)).flatMap((kind) => namesOf(app, kind)),
    ])
    .toSorted();
}

/**
 * The signals that each app has shown since a time.
 * @param metrics the names of the metrics with a value, by app
 */
export async function seenSignals(
  sinceMs: number,
  metrics: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Signal[]> {
  const period = `endTs=${Date.now()}&lookback=${Date.now() - sinceMs}&limit=250`;
  const path = `/zipkin/api/v2/traces?${period}`;
  const spans = (await platform().call<ZipkinSpan[][]>('GET', path)).flat();
  const inSpans = spans.flatMap((span) => {
    const kind = 'db.system.name' in span.tags ? 'DATABASE' : span.kind;
    return kind ? [`${span.localEndpoint.serviceName}: ${signals[kind][0]}`] : [];
  });
  const inMetrics = [...metrics].flatMap(([app, names]) =>
    kinds.filter((kind) => names.has(signals[kind][1])).map((kind) => namesOf(app, kind)[1]),
  );
  const traceIds = new Set(spans.map(({ traceId }) => traceId));
  const inLogs = await Promise.all(appNames.map((app) => logsTrace(app, sinceMs, traceIds)));
  return [...new Set([...inSpans, ...inMetrics, ...inLogs.flat()])].toSorted();
}

const namesOf = (app: string, kind: Kind): [string, string] => [
  `${app}: ${signals[kind][0]}`,
  `${app}: ${signals[kind][1]}`,
];

async function logsTrace(
  app: string,
  sinceMs: number,
  traceIds: ReadonlySet<string>,
): Promise<Signal[]> {
  const query = { source: app, since: new Date(sinceMs) };
  const lines = await readLogs(new Environment('e2e'), query);
  const found = lines.some(({ text }) => traceIds.has(/"trace_id":"(\w+)"/.exec(text)?.[1] ?? ''));
  return found ? [`${app}: log line with a trace id`] : [];
}
