import type { Fault, LiveEdge, MapEdge, SystemMap } from '../api/types.ts';

export interface MapNode {
  readonly id: string;
  readonly label: string;
  readonly kind: 'client' | 'gateway' | 'service' | 'external' | 'topic';
  readonly faults: readonly string[];
}

interface Traffic {
  readonly calls: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** A call, a publication (app → topic) or a consumption (topic → app). */
export interface GraphEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: 'http' | 'publishes' | 'consumes';
  readonly messages: readonly string[];
  readonly hasPact: boolean;
  /** Of the last minute; undefined when traces are not available. */
  readonly traffic: Traffic | undefined;
}

export interface Graph {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly GraphEdge[];
}

interface GraphInput {
  readonly map: SystemMap;
  /** Undefined when traces are not available. */
  readonly live: readonly LiveEdge[] | undefined;
  readonly faults: readonly Fault[];
  /** Shows the edges that nearly every app has. */
  readonly isComplete: boolean;
}

type Leg = Pick<GraphEdge, 'from' | 'to' | 'kind' | 'messages' | 'hasPact'> & { traffic?: Traffic };

/** Merges what pacts cover with what ran in the last minute: an edge without a pact shows too. */
export function graphOf({ map, live, faults, isComplete }: GraphInput): Graph {
  const covered = map.edges.filter(({ isCommon }) => isComplete || !isCommon);
  const seen = (live ?? [])
    .filter((edge) => isBetweenParts(edge, map))
    .filter((edge) => isComplete || !isHidden(edge, map));
  const legs = [
    ...covered.flatMap((edge) => legsOf(edge, edge.messages, true)),
    ...seen.flatMap((edge) => {
      const named = { ...edge, from: edge.from ?? map.clients[0] ?? 'outside' };
      return legsOf(named, [], false).map((leg) => ({ ...leg, traffic: edge }));
    }),
  ];
  const groups = Map.groupBy(legs, ({ from, to }) => `${from} → ${to}`);
  const edges = [...groups].map(([id, all]) => merged(id, all, live !== undefined));
  return { nodes: nodesOf(map, edges, faults), edges };
}

function legsOf(
  { from, to, via, topic }: Pick<MapEdge, 'from' | 'to' | 'via' | 'topic'>,
  messages: readonly string[],
  hasPact: boolean,
): Leg[] {
  if (via === 'http') return [{ from, to, kind: 'http', messages, hasPact }];
  if (topic === null) return [];
  return [
    { from, to: topic, kind: 'publishes', messages, hasPact },
    { from: topic, to, kind: 'consumes', messages, hasPact },
  ];
}

function merged(id: string, legs: readonly Leg[], isLive: boolean): GraphEdge {
  const [{ from, to, kind }] = legs as [Leg];
  const ran = legs.flatMap(({ traffic }) => traffic ?? []);
  const sum = (of: (each: Traffic) => number) => ran.reduce((total, each) => total + of(each), 0);
  const most = (of: (each: Traffic) => number) => Math.max(0, ...ran.map(of));
  const traffic = {
    calls: sum(({ calls }) => calls),
    errors: sum(({ errors }) => errors),
    p50Ms: most(({ p50Ms }) => p50Ms),
    p95Ms: most(({ p95Ms }) => p95Ms),
  };
  return {
    id,
    from,
    to,
    kind,
    messages: [...new Set(legs.flatMap(({ messages }) => messages))].toSorted(),
    hasPact: legs.some(({ hasPact }) => hasPact),
    traffic: isLive ? traffic : undefined,
  };
}

/**
 * Leaves out calls of backing services, which have no node, and calls that the operator makes at an instance: a client calls
 * the gateway.
 */
function isBetweenParts({ from, to }: LiveEdge, { apps }: SystemMap): boolean {
  const target = apps.find(({ app }) => app === to);
  return target !== undefined && (from !== null || target.kind === 'gateway');
}

function isHidden({ from, to, via, topic }: LiveEdge, { edges }: SystemMap): boolean {
  return edges.some(
    (edge) =>
      edge.isCommon &&
      edge.from === from &&
      edge.to === to &&
      edge.via === via &&
      (via === 'http' || edge.topic === topic),
  );
}

function nodesOf(map: SystemMap, edges: readonly GraphEdge[], faults: readonly Fault[]): MapNode[] {
  const kinds = new Map<string, MapNode['kind']>([
    ...map.clients.map((name) => [name, 'client'] as const),
    ...map.apps.map(({ app, kind }) => [app, kind] as const),
    ...map.topics.map(({ topic }) => [topic, 'topic'] as const),
  ]);
  const used = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const known = [...kinds.keys()].filter(
    (id) => used.has(id) || (kinds.get(id) !== 'topic' && kinds.get(id) !== 'client'),
  );
  const others = [...used].filter((id) => !kinds.has(id));
  return [...known, ...others].map((id) => ({
    id,
    label: kinds.get(id) === 'topic' ? id.replace(/\.v\d+$/, '') : id,
    kind: kinds.get(id) ?? 'client',
    faults: faults.filter(({ app, topic }) => app === id || topic === id).map(({ title }) => title),
  }));
}

/** The tone and dash of an edge: red with errors, dashed without traffic for a minute. */
export function lookOf({
  traffic,
}: Pick<GraphEdge, 'traffic'>): 'unknown' | 'idle' | 'ok' | 'errors' {
  if (!traffic) return 'unknown';
  if (traffic.errors > 0) return 'errors';
  return traffic.calls > 0 ? 'ok' : 'idle';
}

/** Width in pixels, by the logarithm of the rate: 1 to 6. */
export function widthOf({ traffic }: Pick<GraphEdge, 'traffic'>): number {
  const perSecond = (traffic?.calls ?? 0) / 60;
  return Math.min(6, 1.5 + Math.log10(1 + perSecond * 10) * 1.5);
}
