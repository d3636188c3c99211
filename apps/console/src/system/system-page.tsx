import { usePlatform } from '../api/platform.ts';
import type { AppStatus, Fault, Instance } from '../api/types.ts';
import { Choice, useFilter } from '../design/filters.tsx';
import { duration } from '../design/format.ts';
import { Page, State } from '../design/page.tsx';
import { Sparkline } from '../design/sparkline.tsx';
import { AppActions, InstanceActions } from './actions.tsx';
import { BackingServices } from './backing-services.tsx';
import { SAMPLES_MAX, useHistory } from './history.ts';
import { toneOf } from './tone.ts';

/** Apps with their instances, and backing services. */
export function SystemPage() {
  const { status } = usePlatform();
  const [only] = useFilter('app');
  const apps = status?.apps.filter(({ app }) => !only || app === only) ?? [];
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
          values={status?.apps.map(({ app }) => app) ?? []}
        />
      }
    >
      {!status && <p className="secondary">Loading…</p>}
      {apps.map((app) => (
        <AppRow key={app.app} app={app} faults={status?.faults ?? []} />
      ))}
      {status && !only && (
        <BackingServices services={status.services} faults={status.faults ?? []} />
      )}
    </Page>
  );
}

function AppRow({ app, faults }: { readonly app: AppStatus; readonly faults: readonly Fault[] }) {
  const { wantedInstances: wanted } = app;
  const total = typeof wanted === 'number' ? wanted : wanted.web + wanted.worker;
  const own = faults.filter((fault) => fault.app === app.app);
  return (
    <section className="app" aria-labelledby={`app-${app.app}`}>
      <header>
        <h2 id={`app-${app.app}`}>{app.app}</h2>
        <p className="secondary">
          {app.version} <code title={app.digest}>{app.digest.slice(0, 8) || 'not deployed'}</code>
        </p>
        <p className="secondary">
          {app.instances.length === total
            ? `${total} ${total === 1 ? 'instance' : 'instances'}`
            : `${app.instances.length} of ${total} instances`}
        </p>
        {own.map(({ id, title }) => (
          <State key={id} tone="bad">
            {title}
          </State>
        ))}
        <AppActions app={app} total={total} />
      </header>
      <ul className="tiles">
        {app.instances.map((instance) => (
          <Tile key={instance.name} instance={instance} />
        ))}
      </ul>
    </section>
  );
}

function Tile({ instance }: { readonly instance: Instance }) {
  const usage = useHistory().get(instance.name);
  const { id, health, processes, restarts, cpuPercent, memoryMb, memoryLimitMb } = instance;
  const tone = toneOf(health);
  return (
    <li className={`tile tone-${tone}`}>
      <div className="row between">
        <strong className="number">{id}</strong>
        <State tone={tone}>{health}</State>
      </div>
      <p className="secondary small">
        {processes.replace(',', ' + ')} · up {duration(instance.upSeconds)}
        {restarts > 0 && ` · ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`}
      </p>
      <Usage
        name="CPU"
        text={cpuPercent === null ? '–' : `${Math.round(cpuPercent)} %`}
        values={usage?.cpuPercent ?? []}
        max={100}
      />
      <Usage
        name="memory"
        text={memoryMb === null ? '–' : `${memoryMb} of ${memoryLimitMb} MB`}
        values={usage?.memoryMb ?? []}
        max={memoryLimitMb}
      />
      <ul className="dependencies" aria-label={`Dependencies of ${id}`}>
        {Object.entries(instance.dependencies).map(([name, { state, detail }]) => (
          <li key={name} title={detail ?? state}>
            <State tone={toneOf(state)}>
              {name}
              {state !== 'ok' && `: ${detail ?? state}`}
            </State>
          </li>
        ))}
      </ul>
      <InstanceActions instance={instance} />
    </li>
  );
}

interface UsageProps {
  readonly name: string;
  readonly text: string;
  readonly values: readonly number[];
  readonly max: number;
}

function Usage({ name, text, values, max }: UsageProps) {
  return (
    <p className="usage">
      <span className="secondary">{name}</span>
      <Sparkline
        values={values}
        max={max}
        points={SAMPLES_MAX}
        label={`${name}, last five minutes: now ${text}`}
      />
      <span className="number">{text}</span>
    </p>
  );
}
