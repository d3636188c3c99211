import { useMemo } from 'react';
import { call } from '../api/client.ts';
import { usePlatform } from '../api/platform.ts';
import type { Fault, LiveEdge, SystemMap } from '../api/types.ts';
import { useQuery } from '../api/use-query.ts';
import { useFilter } from '../design/filters.tsx';
import { Loaded, Page } from '../design/page.tsx';
import { BackingRow } from './backing-row.tsx';
import { EdgeTable } from './edge-table.tsx';
import { graphOf } from './graph.ts';
import { MapPicture } from './map-picture.tsx';
import { Selection } from './selection.tsx';
import './map.css';

const POLL_MS = 3_000;
const none: readonly Fault[] = [];

/** The live topology: calls and messages of the last minute, over what pacts cover. */
export function MapPage() {
  const [complete, setComplete] = useFilter('complete');
  const map = useQuery('map', () => call<SystemMap>('GET', '/map'));
  const live = useQuery('edges', () => call<LiveEdge[]>('GET', '/traces/edges'), POLL_MS);
  return (
    <Page
      title="Map"
      summary="The last minute: width is the rate, red has errors, dashed was silent."
      command="traces"
      filters={
        <>
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
        {(data) => <MapView map={data} live={live.data} isComplete={complete !== ''} />}
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
