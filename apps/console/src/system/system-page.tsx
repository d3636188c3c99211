import { usePlatform } from '../api/platform.ts';
import type { AppStatus, Fault } from '../api/types.ts';
import { Choice, useFilter } from '../design/filters.tsx';
import { Page, State } from '../design/page.tsx';
import { AppActions, wantedOf } from './actions.tsx';
import { BackingServices } from './backing-services.tsx';
import { InstanceTile } from './instance-tile.tsx';
import { RecentEvents } from './recent-events.tsx';
import './system.css';

/** Apps with their instances, and backing services. */
export function SystemPage() {
  const { status, events } = usePlatform();
  const [only] = useFilter('app');
  const apps = status?.apps.filter(({ app }) => !only || app === only) ?? [];
  const faults = status?.faults ?? [];
  return (
    <Page
      title="System"
      summary="Every app with its instances, their health and usage; and the backing services."
      command="status --watch"
      filters={
        <Choice
          label="App"
          name="app"
          all="all"
          values={status?.apps.map((each) => each.app) ?? []}
        />
      }
    >
      {!status && <p className="secondary">Loading…</p>}
      <div className="apps">
        {apps.map((app) => (
          <AppCard key={app.app} app={app} faults={faults} />
        ))}
      </div>
      {status && !only && <BackingServices services={status.services} faults={faults} />}
      {!only && <RecentEvents events={events} />}
    </Page>
  );
}

interface AppCardProps {
  readonly app: AppStatus;
  readonly faults: readonly Fault[];
}

function AppCard({ app, faults }: AppCardProps) {
  const { app: name, team, version, digest, instances } = app;
  const missing = wantedOf(app) - instances.length;
  return (
    <section className="card app" aria-labelledby={`app-${name}`}>
      <header className="row between">
        <div>
          <h2 id={`app-${name}`}>{name}</h2>
          <p className="secondary">
            {version} <code title={digest}>{digest.slice(0, 8) || 'not deployed'}</code> · team{' '}
            {team}
          </p>
        </div>
        <AppActions app={app} />
      </header>
      {faults
        .filter((fault) => fault.app === name)
        .map(({ id, title }) => (
          <State key={id} tone="bad">
            {title}
          </State>
        ))}
      <ul className="tiles">
        {instances.map((instance) => (
          <InstanceTile key={instance.name} instance={instance} />
        ))}
      </ul>
      {missing > 0 && <State tone="busy">{missing} more to come</State>}
    </section>
  );
}
