import { call } from '../api/client.ts';
import type { Fault, ServiceStatus } from '../api/types.ts';
import { act } from '../design/feedback.tsx';
import { State } from '../design/page.tsx';
import { Table } from '../design/table.tsx';
import { toneOf } from './tone.ts';

interface BackingServicesProps {
  readonly services: readonly ServiceStatus[];
  readonly faults: readonly Fault[];
}

/** PostgreSQL, Kafka and Consul, with what a fault does to them. */
export function BackingServices({ services, faults }: BackingServicesProps) {
  return (
    <section aria-labelledby="backing">
      <h2 id="backing">Backing services</h2>
      <Table
        columns={['Service', 'State', 'Version', 'Source', 'Address', 'Restarts', 'Disk']}
        hasActions
      >
        {services.map((each) => (
          <tr key={each.service}>
            <th scope="row">{each.name}</th>
            <td>
              <State tone={toneOf(each.state)}>{each.state}</State>
              {faults
                .filter(({ service }) => service === each.service)
                .map(({ id, title }) => (
                  <div key={id}>
                    <State tone="bad">{title}</State>
                  </div>
                ))}
            </td>
            <td className="number">{each.version}</td>
            <td>{each.origin}</td>
            <td className="number">{each.address}</td>
            <td className="number">{each.restarts}</td>
            <td className="number">{each.sizeMb === null ? '–' : `${each.sizeMb} MB`}</td>
            <td>
              <button type="button" onClick={() => restart(each)}>
                Restart {each.name}
              </button>
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

const restart = ({ service, name }: ServiceStatus) =>
  act({
    begins: `Restarting ${name}`,
    run: () => call('POST', `/services/${service}/restarts`),
    done: () => `${name} is restarted`,
    confirm: {
      title: `Restart ${name}?`,
      risk: 'Every app that uses it waits, or answers with errors, until it is back.',
      verb: 'Restart',
    },
  });
