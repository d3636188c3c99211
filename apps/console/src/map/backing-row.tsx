import type { Fault, ServiceStatus } from '../api/types.ts';
import { State } from '../design/page.tsx';
import { toneOf } from '../system/tone.ts';

interface BackingRowProps {
  readonly services: readonly ServiceStatus[];
  readonly faults: readonly Fault[];
}

/** Below the map: what every app uses. */
export function BackingRow({ services, faults }: BackingRowProps) {
  return (
    <ul className="backing-row" aria-label="Backing services">
      {services.map(({ service, name, state }) => {
        const own = faults.filter((fault) => fault.service === service);
        return (
          <li key={service}>
            <State tone={own.length > 0 ? 'bad' : toneOf(state)}>
              {name}
              {own.length > 0 ? `: ${own.map(({ title }) => title).join('; ')}` : ` ${state}`}
            </State>
          </li>
        );
      })}
    </ul>
  );
}
