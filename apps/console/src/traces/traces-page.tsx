import { Link } from 'wouter';
import { call } from '../api/client.ts';
import { usePlatform } from '../api/platform.ts';
import type { TraceSummary } from '../api/types.ts';
import { useQuery } from '../api/use-query.ts';
import { Choice, Search, useFilter } from '../design/filters.tsx';
import { clock, millis } from '../design/format.ts';
import { Empty, Loaded, Page, State } from '../design/page.tsx';
import { Table } from '../design/table.tsx';

const POLL_MS = 3_000;

/** Recent traces, with a link to each in Zipkin's Lens. */
export function TracesPage() {
  const { status } = usePlatform();
  const [app] = useFilter('app');
  const [order] = useFilter('order');
  const [trace] = useFilter('trace');
  const [slow] = useFilter('slow');
  const [error] = useFilter('errors');
  const query = new URLSearchParams({
    limit: '50',
    ...(app && { app }),
    ...(order.length >= 8 && { order }),
    ...(slow && { minDurationMs: String(Number.parseInt(slow, 10)) }),
    ...(error && { error: String(error === 'with errors') }),
  });
  const traces = useQuery(
    `traces ${query}`,
    () => call<TraceSummary[]>('GET', `/traces?${query}`),
    POLL_MS,
  );
  const options = [app && `--app ${app}`, order && `--order ${order}`].filter(Boolean).join(' ');
  return (
    <Page
      title="Traces"
      summary="The traces of the last fifteen minutes, newest first. Each opens in Zipkin's Lens."
      command={`traces ${options}`.trim()}
      filters={
        <>
          <Choice
            label="App"
            name="app"
            values={status?.apps.map((each) => each.app) ?? []}
            all="all"
          />
          <Choice
            label="Errors"
            name="errors"
            values={['with errors', 'without errors']}
            all="all"
          />
          <Choice
            label="Slower than"
            name="slow"
            values={['10 ms', '100 ms', '1000 ms']}
            all="any"
          />
          <Search label="Order" name="order" hint="order id" />
          <Search label="Trace" name="trace" hint="trace id" />
          {trace && <a href={`/zipkin/traces/${encodeURIComponent(trace)}`}>Open in Lens</a>}
        </>
      }
    >
      <Loaded query={traces}>{(found) => <TraceTable traces={found} />}</Loaded>
    </Page>
  );
}

function TraceTable({ traces }: { readonly traces: readonly TraceSummary[] }) {
  if (traces.length === 0) return <Empty>No trace matches.</Empty>;
  const longest = Math.max(...traces.map(({ durationMs }) => durationMs));
  return (
    <Table columns={['Started', 'Trace', 'Duration', 'Spans', 'Errors', 'Apps', 'Logs']}>
      {traces.map(({ traceId, name, app, startedAt, durationMs, spans, errors, apps }) => (
        <tr key={traceId}>
          <td className="number">{clock(startedAt)}</td>
          <td>
            <a href={`/zipkin/traces/${traceId}`}>{name}</a>{' '}
            <span className="secondary">{app}</span>
          </td>
          <td className="number">
            <meter value={durationMs} max={longest} aria-label="Share of the longest" />{' '}
            {millis(durationMs)}
          </td>
          <td className="number">{spans}</td>
          <td>{errors > 0 ? <State tone="bad">{errors}</State> : '–'}</td>
          <td className="secondary">{apps.join(', ')}</td>
          <td>
            <Link href={`/console/logs?trace=${traceId}`} aria-label={`Logs of ${traceId}`}>
              Logs
            </Link>
          </td>
        </tr>
      ))}
    </Table>
  );
}
