import { call, callApp } from '../api/client.ts';
import { useQuery } from '../api/use-query.ts';
import { act } from '../design/feedback.tsx';
import { clock } from '../design/format.ts';
import { Empty, Loaded, Page, State } from '../design/page.tsx';
import { Table } from '../design/table.tsx';

interface Projection {
  readonly name: string;
  readonly position: string;
  readonly lagEvents: number;
  readonly pausedSince: string | null;
  readonly instance: string | null;
}

/** The app with the event log: it exists in a map with the plug-in `events`. */
const APP = 'ordering';
const POLL_MS = 1_000;

/** Projections and publishers over the event log. */
export function ProjectionsPage() {
  const projections = useQuery(
    'projections',
    () => callApp<{ items: Projection[]; end: string }>(APP, 'GET', '/log/projections'),
    POLL_MS,
  );
  return (
    <Page
      title="Projections"
      summary="What subscribes to the event log: its position, how far it lags behind, where it runs."
      command="projections list"
    >
      <Loaded query={projections}>
        {({ items, end }) =>
          items.length === 0 ? (
            <Empty>No projection has a position yet.</Empty>
          ) : (
            <Table
              columns={['Subscription', 'State', 'Position', 'End of the log', 'Instance']}
              hasActions
            >
              {items.map((each) => (
                <Row key={each.name} projection={each} end={end} reload={projections.reload} />
              ))}
            </Table>
          )
        }
      </Loaded>
    </Page>
  );
}

interface RowProps {
  readonly projection: Projection;
  readonly end: string;
  readonly reload: () => Promise<void>;
}

function Row({ projection, end, reload }: RowProps) {
  const { name, position, lagEvents, pausedSince, instance } = projection;
  const isPublisher = name.startsWith('publish-');
  const lag = lagEvents === 0 ? 'caught up' : `${lagEvents} events behind`;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <State tone={pausedSince ? 'warn' : lagEvents === 0 ? 'ok' : 'busy'}>
          {pausedSince && `paused since ${clock(pausedSince)}, `}
          {lag}
        </State>
      </td>
      <td className="number">{position}</td>
      <td className="number">{end}</td>
      <td className="number">{instance ?? '–'}</td>
      <td>
        {!isPublisher && (
          <div className="row">
            <button type="button" onClick={() => pause(name, pausedSince !== null).then(reload)}>
              {pausedSince ? 'Resume' : 'Pause'} {name}
            </button>
            <button type="button" onClick={() => rebuild(name).then(reload)}>
              Rebuild {name}
            </button>
          </div>
        )}
      </td>
    </tr>
  );
}

const pause = (name: string, isPaused: boolean) =>
  act({
    run: () => callApp(APP, 'POST', `/log/projections/${name}/${isPaused ? 'resume' : 'pause'}`),
    done: () => `Projection ${name} is ${isPaused ? 'resumed' : 'paused'}`,
    ...(!isPaused && {
      confirm: {
        title: `Pause ${name}?`,
        risk: 'Reads return its last state, which falls behind, until it is resumed.',
        verb: 'Pause',
      },
    }),
  });

const rebuild = (name: string) =>
  act({
    begins: `Rebuilding ${name}; the live one stays in use`,
    run: () => call<{ done: string }>('POST', `/apps/${APP}/rebuilds`, { projection: name }),
    done: ({ done }) => done,
  });
