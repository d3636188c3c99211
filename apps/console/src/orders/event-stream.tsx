import { clock } from '../design/format.ts';
import type { LoggedEvent } from './types.ts';

/** The stored events of an order, each with the state after it. */
export function EventStream({ events }: { readonly events: readonly LoggedEvent[] }) {
  return (
    <table className="events">
      <thead>
        <tr>
          <th>No.</th>
          <th>Time</th>
          <th>Event</th>
          <th>Data</th>
          <th>State after it</th>
        </tr>
      </thead>
      <tbody>
        {events.map(({ version, type, time, data, state, actor }) => (
          <tr key={version}>
            <td className="number">{version}</td>
            <td className="number">{clock(time)}</td>
            <td>
              <strong>{type}</strong>
              {actor && <div className="secondary">by {actor}</div>}
            </td>
            <td>
              <Fields value={data} />
            </td>
            <td>
              <Fields value={state ?? {}} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Fields({ value }: { readonly value: object }) {
  return (
    <ul className="fields">
      {Object.entries(value).map(([name, each]) => (
        <li key={name}>
          <span className="secondary">{name}</span>{' '}
          <code>{typeof each === 'string' ? each : JSON.stringify(each)}</code>
        </li>
      ))}
    </ul>
  );
}
