import type { TimelineItem } from '../api/reads.ts';
import { sincePlaced } from './order-progress.ts';
import { eventWords, laneOf } from './order-words.ts';

/** The events so far, oldest first; a screen reader reads out each new one. */
export function Events(props: { items: readonly TimelineItem[]; placedAt: string }) {
  return (
    <ol className="events" aria-live="polite" aria-label="Events of this order">
      {props.items.map(({ type, time, source, summary }) => {
        const [words, mood] = eventWords[type] ?? [summary, 'info' as const];
        return (
          <li key={`${time} ${type}`} className={mood} data-event={type}>
            <span className="words">{words}</span>
            <span className="by">{laneOf(source)}</span>
            <time dateTime={time}>{sincePlaced(props.placedAt, time)}</time>
          </li>
        );
      })}
    </ol>
  );
}
