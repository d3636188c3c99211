import { call } from '../api/client.ts';
import type { LiveEdge, Status } from '../api/types.ts';
import { useQuery } from '../api/use-query.ts';
import { millis } from '../design/format.ts';
import { State } from '../design/page.tsx';
import { toneOf } from '../system/tone.ts';

const POLL_MS = 2_000;

/** What the system shows meanwhile: the worst health of each app, and the public API's errors and p95. */
export function SystemStrip({ status }: { readonly status: Status | undefined }) {
  const live = useQuery('edges', () => call<LiveEdge[]>('GET', '/traces/edges'), POLL_MS);
  const outside = (live.data ?? []).filter(({ from }) => from === null);
  const calls = outside.reduce((total, each) => total + each.calls, 0);
  const errors = outside.reduce((total, each) => total + each.errors, 0);
  const p95 = Math.max(0, ...outside.map(({ p95Ms }) => p95Ms));
  return (
    <section className="card strip" aria-label="The system meanwhile">
      {status?.apps.map(({ app, instances }) => {
        const worst = instances.find(({ health }) => health !== 'ok')?.health;
        const health = worst ?? (instances.length > 0 ? 'ok' : 'down');
        return (
          <State key={app} tone={toneOf(health)}>
            {app}
            {health !== 'ok' && `: ${health}`}
          </State>
        );
      })}
      {live.data && (
        <span className="number">
          last minute: {calls} calls, {errors} errors, p95 {millis(p95)}
        </span>
      )}
    </section>
  );
}
