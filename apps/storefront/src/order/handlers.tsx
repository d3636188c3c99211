import type { TimelineItem } from '../api/reads.ts';
import { eventHandlers, laneOf } from './order-words.ts';

/** Who has published each event, who handles it, and the file of the handler. */
export function Handlers({ items }: { items: readonly TimelineItem[] }) {
  return (
    <ol className="handlers" aria-label="Handlers of these events">
      {items.map(({ type, source, time }) => {
        const file = eventHandlers[type];
        return (
          <li key={`${time} ${type}`}>
            <strong>{type}</strong> from {laneOf(source)}
            {file ? `, handled by ${file.split('/')[1]} in ` : ': no other service handles it'}
            {file && <code>{file}</code>}
          </li>
        );
      })}
    </ol>
  );
}
