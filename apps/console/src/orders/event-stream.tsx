import { clock } from '../design/format.ts';
import { Table } from '../design/table.tsx';
import type { LoggedEvent } from './types.ts';

/** The stored events of an order, each with the state after it. */
export function EventStream({ events }: { readonly events: readonly LoggedEvent[] }) {
  return (
    <Table className="events" columns={['No.', 'Time', 'Event', 'Data', 'State after it']}>
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
    </Table>
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
