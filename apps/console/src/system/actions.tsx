import { Link } from 'wouter';
import { call } from '../api/client.ts';
import type { AppStatus, Instance } from '../api/types.ts';
import { act } from '../design/feedback.tsx';
import { Menu, MenuAction } from '../design/menu.tsx';

/** Returns how many instances should run, of all process types. */
export function wantedOf({ wantedInstances: wanted }: AppStatus): number {
  return typeof wanted === 'number' ? wanted : wanted.web + wanted.worker;
}

/** Scale, restart, push and roll back one app. */
export function AppActions({ app }: { readonly app: AppStatus }) {
  const name = app.app;
  const count = wantedOf(app);
  return (
    <div className="row">
      <fieldset className="stepper">
        <legend className="hidden">Instances of {name}</legend>
        <button
          type="button"
          onClick={() => scale(name, count - 1)}
          disabled={count <= 1}
          aria-label={`Remove an instance of ${name}`}
        >
          −
        </button>
        <output className="number" aria-label={`Instances of ${name}`}>
          {count}
        </output>
        <button
          type="button"
          onClick={() => scale(name, count + 1)}
          disabled={count >= 10}
          aria-label={`Add an instance of ${name}`}
        >
          +
        </button>
      </fieldset>
      <Menu label={`Actions on ${name}`}>
        <MenuAction onClick={() => restart(name)}>Restart one by one</MenuAction>
        <MenuAction onClick={() => push(name)}>Push the present sources</MenuAction>
        <MenuAction onClick={() => rollback(app)} disabled={app.earlier.length === 0}>
          Roll back{app.earlier[0] && ` to ${app.earlier[0].slice(0, 8)}`}
        </MenuAction>
        <Link href={`/console/settings?app=${name}`}>Settings</Link>
        <Link href={`/console/logs?app=${name}`}>Logs</Link>
      </Menu>
    </div>
  );
}

const scale = (name: string, instances: number) =>
  act({
    begins: `Scaling ${name} to ${instances}`,
    run: () => call('PATCH', `/apps/${name}`, { instances }),
    done: () => `${name} runs ${instances} ${instances === 1 ? 'instance' : 'instances'}`,
  });

const restart = (name: string) =>
  act({
    begins: `Restarting ${name}, one instance after the other`,
    run: () => call('POST', `/apps/${name}/restarts`),
    done: () => `${name} is restarted`,
  });

const push = (name: string) =>
  act({
    begins: `Building ${name} from its sources`,
    run: () => call<{ digest: string; fresh: boolean }>('POST', `/apps/${name}/pushes`, {}),
    done: ({ digest, fresh }) => `${name} ${fresh ? 'runs' : 'already runs'} ${digest.slice(0, 8)}`,
  });

const rollback = ({ app: name, earlier }: AppStatus) =>
  act({
    begins: `Rolling ${name} back`,
    run: () => call<{ digest: string }>('POST', `/apps/${name}/rollbacks`, {}),
    done: ({ digest }) => `${name} runs ${digest.slice(0, 8)} again`,
    confirm: {
      title: `Roll ${name} back to ${earlier[0]?.slice(0, 8)}?`,
      risk: 'The artifact that runs now is replaced by the one before it. Data stays as it is.',
      verb: 'Roll back',
    },
  });

/** Kill or freeze one instance. */
export function InstanceActions({ instance: { id } }: { readonly instance: Instance }) {
  return (
    <Menu label={`Actions on ${id}`}>
      <MenuAction onClick={() => kill(id)}>Kill</MenuAction>
      <MenuAction onClick={() => freeze(id)}>Freeze</MenuAction>
    </Menu>
  );
}

function signal(id: string, name: string) {
  const [app, slot] = id.split('/');
  return call('POST', `/apps/${app}/instances/${slot}/signals`, { signal: name });
}

const kill = (id: string) =>
  act({
    run: () => signal(id, 'SIGKILL'),
    done: () => `${id} is killed; the health manager starts another`,
    confirm: {
      title: `Kill ${id}?`,
      risk: 'Requests that it is handling fail. The health manager starts another instance.',
      verb: 'Kill',
    },
  });

const freeze = (id: string) =>
  act({
    run: () => signal(id, 'SIGSTOP'),
    done: () => `${id} is frozen; the health manager replaces it when it does not respond`,
    confirm: {
      title: `Freeze ${id}?`,
      risk: 'It keeps its connections and answers nothing, until the health manager replaces it.',
      verb: 'Freeze',
    },
  });
