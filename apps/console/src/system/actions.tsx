import { useState } from 'react';
import { Link } from 'wouter';
import { call } from '../api/client.ts';
import type { AppStatus, Instance } from '../api/types.ts';
import { act } from '../design/feedback.tsx';

/** Scale, restart, push and roll back one app. */
export function AppActions({ app, total }: { readonly app: AppStatus; readonly total: number }) {
  const name = app.app;
  const [isBusy, setBusy] = useState(false);
  const run = async (...[action]: Parameters<typeof act<unknown>>) => {
    setBusy(true);
    await act(action);
    setBusy(false);
  };
  const scale = (instances: number) =>
    run({
      begins: `Scaling ${name} to ${instances}`,
      run: () => call('PATCH', `/apps/${name}`, { instances }),
      done: () => `${name} runs ${instances} ${instances === 1 ? 'instance' : 'instances'}`,
    });
  const restart = () =>
    run({
      begins: `Restarting ${name}, one instance after the other`,
      run: () => call('POST', `/apps/${name}/restarts`),
      done: () => `${name} is restarted`,
    });
  const push = () =>
    run({
      begins: `Building ${name} from its sources`,
      run: () => call<{ digest: string; fresh: boolean }>('POST', `/apps/${name}/pushes`, {}),
      done: (pushed) => {
        const { digest, fresh } = pushed as { digest: string; fresh: boolean };
        return `${name} ${fresh ? 'runs' : 'already runs'} ${digest.slice(0, 8)}`;
      },
    });
  const rollback = () =>
    run({
      begins: `Rolling ${name} back`,
      run: () => call<{ digest: string }>('POST', `/apps/${name}/rollbacks`, {}),
      done: (back) => `${name} runs ${(back as { digest: string }).digest.slice(0, 8)} again`,
      confirm: {
        title: `Roll ${name} back to ${app.earlier[0]?.slice(0, 8)}?`,
        risk: 'The artifact that runs now is replaced by the one before it. Data stays as it is.',
        verb: 'Roll back',
      },
    });
  return (
    <fieldset className="actions" disabled={isBusy}>
      <legend className="hidden">Actions on {name}</legend>
      <span className="stepper">
        <button type="button" onClick={() => scale(total - 1)} disabled={total <= 1}>
          <span aria-hidden="true">−</span>
          <span className="hidden">Remove an instance of {name}</span>
        </button>
        <output className="number">{total}</output>
        <button type="button" onClick={() => scale(total + 1)} disabled={total >= 10}>
          <span aria-hidden="true">+</span>
          <span className="hidden">Add an instance of {name}</span>
        </button>
      </span>
      <button type="button" onClick={restart}>
        Restart
      </button>
      <button type="button" onClick={push}>
        Push
      </button>
      <button type="button" onClick={rollback} disabled={app.earlier.length === 0}>
        Roll back
      </button>
      <Link className="button" href={`/console/settings?app=${name}`}>
        Settings
      </Link>
    </fieldset>
  );
}

/** Kill or freeze one instance, or show its logs. */
export function InstanceActions({ instance: { id } }: { readonly instance: Instance }) {
  const [app = '', slot] = id.split('/');
  const signal = (signal: string) =>
    call('POST', `/apps/${app}/instances/${slot}/signals`, { signal });
  const risk = 'Requests that it is handling fail. The health manager starts another one.';
  const kill = () =>
    act({
      run: () => signal('SIGKILL'),
      done: () => `${id} is killed; the health manager replaces it`,
      confirm: { title: `Kill ${id}?`, risk, verb: 'Kill' },
    });
  const freeze = () =>
    act({
      run: () => signal('SIGSTOP'),
      done: () => `${id} is frozen; the health manager replaces it once it does not respond`,
      confirm: {
        title: `Freeze ${id}?`,
        risk: 'It stops responding, but keeps its connections, until the health manager replaces it.',
        verb: 'Freeze',
      },
    });
  return (
    <p className="row small">
      <button type="button" className="quiet" onClick={kill} aria-label={`Kill ${id}`}>
        Kill
      </button>
      <button type="button" className="quiet" onClick={freeze} aria-label={`Freeze ${id}`}>
        Freeze
      </button>
      <Link className="quiet" href={`/console/logs?app=${app}`} aria-label={`Logs of ${app}`}>
        Logs
      </Link>
    </p>
  );
}
