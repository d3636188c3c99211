import { useFilter } from '../design/filters.tsx';
import { millis } from '../design/format.ts';
import { State, type Tone } from '../design/page.tsx';
import { type GraphEdge, lookOf } from './graph.ts';

const tones: Record<ReturnType<typeof lookOf>, readonly [Tone, string]> = {
  unknown: ['idle', 'unknown'],
  idle: ['idle', 'no traffic'],
  ok: ['ok', 'ok'],
  errors: ['bad', 'errors'],
};

/** The edges with their figures, busiest first. */
export function EdgeTable({ edges }: { readonly edges: readonly GraphEdge[] }) {
  const [selected, select] = useFilter('select');
  const sorted = edges.toSorted((a, b) => (b.traffic?.calls ?? 0) - (a.traffic?.calls ?? 0));
  return (
    <table className="edge-table">
      <caption className="hidden">Edges of the map</caption>
      <thead>
        <tr>
          <th>From → to</th>
          <th>State</th>
          <th>Rate</th>
          <th>Errors</th>
          <th>p50</th>
          <th>p95</th>
          <th>Pact</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((edge) => {
          const { id, traffic, hasPact } = edge;
          const [tone, word] = tones[lookOf(edge)];
          const show = (text: string) => (traffic && traffic.calls > 0 ? text : '–');
          return (
            <tr key={id}>
              <td>
                <button
                  type="button"
                  className="quiet"
                  aria-pressed={selected === id}
                  onClick={() => select(selected === id ? '' : id)}
                >
                  {id}
                </button>
              </td>
              <td>
                <State tone={tone}>{word}</State>
              </td>
              <td className="number">{show(rateText(traffic?.calls ?? 0))}</td>
              <td className="number">{show(String(traffic?.errors))}</td>
              <td className="number">{show(millis(traffic?.p50Ms ?? 0))}</td>
              <td className="number">{show(millis(traffic?.p95Ms ?? 0))}</td>
              <td>{hasPact ? 'covered' : <State tone="warn">no pact</State>}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export const rateText = (callsPerMinute: number): string =>
  callsPerMinute >= 60 ? `${(callsPerMinute / 60).toFixed(1)}/s` : `${callsPerMinute}/min`;
