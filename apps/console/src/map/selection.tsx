import { Link } from 'wouter';
import { callApp } from '../api/client.ts';
import type { SystemMap } from '../api/types.ts';
import { useQuery } from '../api/use-query.ts';
import { useFilter } from '../design/filters.tsx';
import { millis } from '../design/format.ts';
import { State } from '../design/page.tsx';
import { rateText } from './edge-table.tsx';
import { gaugesOf } from './gauges.ts';
import type { Graph, GraphEdge } from './graph.ts';

const POLL_MS = 3_000;

interface SelectionProps {
  readonly graph: Graph;
  readonly map: SystemMap;
}

/** What is known of the selected node or edge, and where to read on. */
export function Selection({ graph, map }: SelectionProps) {
  const [id, select] = useFilter('select');
  const edge = graph.edges.find((each) => each.id === id);
  const node = graph.nodes.find((each) => each.id === id);
  if (!edge && !node) return null;
  const own = map.apps.find((each) => each.app === node?.id);
  const app = map.apps.find(
    (each) => each.app === (node?.id ?? edge?.to) || each.app === edge?.from,
  );
  return (
    <section className="card selection" aria-label={`Selected: ${id}`}>
      <div className="row between">
        <h2>{id}</h2>
        <button type="button" className="quiet" onClick={() => select('')}>
          Close
        </button>
      </div>
      {edge && <EdgeDetails edge={edge} />}
      {node && <p>{own?.summary ?? node.kind}</p>}
      {own && <p className="secondary">Team {own.team}</p>}
      {node?.faults.map((title) => (
        <p key={title}>▲ {title}</p>
      ))}
      {app && <Gauges app={app.app} />}
      {app && (
        <p className="row">
          <Link href={`/console/system?app=${app.app}`}>{app.app} in System</Link>
          <Link href={`/console/logs?app=${app.app}`}>Logs</Link>
          <Link href={`/console/traces?app=${app.app}`}>Traces</Link>
          <Link href={`/console/settings?app=${app.app}`}>Settings</Link>
        </p>
      )}
    </section>
  );
}

/** Backlogs and breakers, from the metrics of one instance. */
function Gauges({ app }: { readonly app: string }) {
  const metrics = useQuery(
    `metrics ${app}`,
    () => callApp<{ text?: string }>(app, 'GET', '/metrics'),
    POLL_MS,
  );
  return (
    <p className="gauges">
      {gaugesOf(metrics.data?.text ?? '').map(({ label, text, isBad }) => (
        <State key={label} tone={isBad ? 'warn' : 'ok'}>
          {label} {text}
        </State>
      ))}
    </p>
  );
}

function EdgeDetails({ edge: { traffic, messages, hasPact, kind } }: { readonly edge: GraphEdge }) {
  const share = traffic && traffic.calls > 0 ? (100 * traffic.errors) / traffic.calls : 0;
  return (
    <>
      <p>
        {kind === 'http' ? 'HTTP' : kind}
        {messages.length > 0 && `: ${messages.join(', ')}`}
        {hasPact ? ' · covered by a pact' : ' · no pact covers it'}
      </p>
      {traffic && (
        <p className="number">
          {rateText(traffic.calls)} · {share.toFixed(1)} % errors · p50 {millis(traffic.p50Ms)} ·
          p95 {millis(traffic.p95Ms)}
        </p>
      )}
    </>
  );
}
