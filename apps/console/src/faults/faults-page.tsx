import { useEffect, useState } from 'react';
import { call } from '../api/client.ts';
import { usePlatform } from '../api/platform.ts';
import type { Fault, FaultList } from '../api/types.ts';
import { useQuery } from '../api/use-query.ts';
import { act } from '../design/feedback.tsx';
import { duration } from '../design/format.ts';
import { Empty, Loaded, Page, State } from '../design/page.tsx';
import { FaultForm } from './fault-form.tsx';
import { SystemStrip } from './system-strip.tsx';
import './faults.css';

const POLL_MS = 2_000;

/** Active faults, what the system shows meanwhile, and a form that starts one. */
export function FaultsPage() {
  const { status } = usePlatform();
  const list = useQuery('faults', () => call<FaultList>('GET', '/faults'), POLL_MS);
  const stopAll = () =>
    act({ run: () => call<{ done: string }>('DELETE', '/faults'), done: ({ done }) => done }).then(
      list.reload,
    );
  return (
    <Page
      title="Faults"
      summary="Failures to hold and look at. Each ends by itself; stopping one restores the state."
      command="fault list"
    >
      <SystemStrip status={status} />
      <Loaded query={list}>
        {({ faults, kinds, maxActive }) => (
          <>
            <div className="row between">
              <h2>
                Active ({faults.length} of {maxActive})
              </h2>
              {faults.length > 1 && (
                <button type="button" onClick={stopAll}>
                  Stop all
                </button>
              )}
            </div>
            {faults.length === 0 && <Empty>No fault is active.</Empty>}
            <ul className="cards">
              {faults.map((fault) => (
                <FaultCard
                  key={fault.id}
                  fault={fault}
                  restores={kinds.find(({ kind }) => kind === fault.kind)?.restores}
                  reload={list.reload}
                />
              ))}
            </ul>
            <h2>Start a fault</h2>
            <FaultForm kinds={kinds} environment={status?.environment ?? ''} reload={list.reload} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface FaultCardProps {
  readonly fault: Fault;
  readonly restores: string | undefined;
  readonly reload: () => Promise<void>;
}

function FaultCard({ fault, restores, reload }: FaultCardProps) {
  const { id, title, state, target, to, parameters, endsAt, startedAt } = fault;
  const stop = () =>
    act({
      begins: `Stopping fault ${id}`,
      run: () => call<{ done: string }>('DELETE', `/faults/${id}`),
      done: ({ done }) => done,
    }).then(reload);
  return (
    <li className="card fault-card">
      <div className="row between">
        <h3>{title}</h3>
        <State tone={state === 'active' ? 'bad' : 'busy'}>{state}</State>
      </div>
      <p className="secondary">
        {to ? `On the way from ${target} to ${to}` : `At ${target}`}
        {Object.entries(parameters).map(([name, value]) => ` · ${name} ${value}`)}
      </p>
      <TimeLeft startedAt={startedAt} endsAt={endsAt} />
      {restores && <p className="secondary">When it ends: {restores}</p>}
      <button type="button" className="danger" onClick={stop}>
        Stop fault {id}
      </button>
    </li>
  );
}

function TimeLeft({ startedAt, endsAt }: Pick<Fault, 'startedAt' | 'endsAt'>) {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, (Date.parse(endsAt) - nowMs) / 1_000);
  const total = (Date.parse(endsAt) - Date.parse(startedAt)) / 1_000;
  return (
    <p className="time-left">
      <progress value={left} max={total} aria-label="Time left" /> ends in {duration(left)}
    </p>
  );
}
