import type { PlatformEvent } from '../api/types.ts';
import { clock } from '../design/format.ts';
import { State } from '../design/page.tsx';

const SHOWN = 10;

/** What the platform did last: starts, crashes, operations. */
export function RecentEvents({ events }: { readonly events: readonly PlatformEvent[] }) {
  return (
    <section aria-labelledby="events">
      <h2 id="events">Events</h2>
      <ol className="recent-events">
        {events
          .slice(-SHOWN)
          .toReversed()
          .map(({ id, time, level, text }) => (
            <li key={`${time} ${id}`}>
              <span className="number secondary">{clock(time)}</span>
              {level === 'warn' ? <State tone="warn">{text}</State> : <span>{text}</span>}
            </li>
          ))}
      </ol>
    </section>
  );
}
