import { listEdges } from './edges.ts';
import type { SpanStore } from './span-store.ts';
import { findTrace, listTraces, type TraceFilter } from './trace-queries.ts';
import {
  type ZipkinPeriod,
  type ZipkinQuery,
  zipkinAutocomplete,
  zipkinDependencies,
  zipkinNames,
  zipkinTrace,
  zipkinTraceMany,
  zipkinTraces,
} from './zipkin.ts';

/** What the thread of the store does for the platform, by name. The results become JSON. */
export const queriesOf = (store: SpanStore, now: () => number) => ({
  list: (filter: TraceFilter) => listTraces(store, filter),
  find: (traceId: string) => findTrace(store, traceId),
  edges: (seconds: number) => listEdges(store, { fromMs: now() - seconds * 1_000, toMs: now() }),
  clear: () => store.clear(),
  zipkinServices: () => zipkinNames.services(store),
  zipkinSpans: (app: string) => zipkinNames.spans(store, app),
  zipkinRemoteServices: (app: string) => zipkinNames.remoteServices(store, app),
  zipkinTraces: (query: ZipkinQuery) => zipkinTraces(store, query, now()),
  zipkinTrace: (traceId: string) => zipkinTrace(store, traceId),
  zipkinTraceMany: (ids: readonly string[]) => zipkinTraceMany(store, ids),
  zipkinDependencies: (period: ZipkinPeriod) => zipkinDependencies(store, period),
  zipkinAutocompleteKeys: () => zipkinAutocomplete.keys(store),
  zipkinAutocompleteValues: (key: string) => zipkinAutocomplete.values(store, key),
});
export type Queries = ReturnType<typeof queriesOf>;
