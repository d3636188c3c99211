import { useMemo } from 'react';
import { call } from '../api/client.ts';
import { usePlatform } from '../api/platform.ts';
import type { Fault, LiveEdge, SystemMap } from '../api/types.ts';
import { useQuery } from '../api/use-query.ts';
import { Choice, useFilter } from '../design/filters.tsx';
import { Loaded, Page } from '../design/page.tsx';
import { BackingRow } from './backing-row.tsx';
import { EdgeTable } from './edge-table.tsx';
import { graphOf } from './graph.ts';
import { MapPicture } from './map-picture.tsx';
import { Selection } from './selection.tsx';
import './map.css';

const POLL_MS = 3_000;
const MINUTE = 60;
const none: readonly Fault[] = [];

/** The live topology: calls and messages of the last minute, over what pacts cover. */
export function MapPage() {
  const [complete, setComplete] = useFilter('complete');
  const map = useQuery('map', () => call<SystemMap>('GET', '/map'));
  const [period] = useFilter('seconds');
  const seconds = Number(period || MINUTE);
  const live = useQuery(
    `edges of ${seconds} s`,
    () => call<LiveEdge[]>('GET', `/traces/edges?seconds=${seconds}`),
    POLL_MS,
  );
  const perMinute = useMemo(
    () =>
      live.data?.map((each) => ({ ...each, calls: Math.round((each.calls * MINUTE) / seconds) })),
    [live.data, seconds],
  );
  return (
    <Page
      title="Map"
      summary={`The last ${seconds} seconds: width is the rate, red has errors, dashed was silent.`}
      command="traces"
      filters={
        <>
          <Choice label="Seconds" name="seconds" values={['10', '300', '900']} all="60" />
          <label>
            <input
              type="checkbox"
              checked={complete !== ''}
              onChange={({ target }) => setComplete(target.checked ? 'yes' : '')}
            />{' '}
            Checks of tokens too
          </label>
          {live.error && (
            <span className="secondary">Without live traffic: {live.error.message}</span>
          )}
        </>
      }
    >
      <Loaded query={map}>
        {(data) => <MapView map={data} live={perMinute} isComplete={complete !== ''} />}
      </Loaded>
    </Page>
  );
}

interface MapViewProps {
  readonly map: SystemMap;
  readonly live: readonly LiveEdge[] | undefined;
  readonly isComplete: boolean;
}

function MapView({ map, live, isComplete }: MapViewProps) {
  const { status } = usePlatform();
  const faults = status?.faults ?? none;
  const graph = useMemo(
    () => graphOf({ map, live, faults, isComplete }),
    [map, live, faults, isComplete],
  );
  return (
    <>
      <div className="map">
        <MapPicture graph={graph} apps={status?.apps ?? []} />
        <BackingRow services={status?.services ?? []} faults={faults} />
      </div>
      <Selection graph={graph} map={map} />
      <EdgeTable edges={graph.edges} />
    </>
  );
}
