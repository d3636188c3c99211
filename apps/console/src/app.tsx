import type { ReactNode } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { call } from './api/client.ts';
import { refresh, usePlatform } from './api/platform.ts';
import type { SystemMap } from './api/types.ts';
import { useQuery } from './api/use-query.ts';
import { FeedbackArea } from './design/feedback.tsx';
import { pages } from './pages.tsx';
import { SignedOut, SignIn } from './sign-in.tsx';

export function App() {
  const [path] = useLocation();
  if (path === '/console/sign-in') return <SignIn />;
  return <Console />;
}

function Console() {
  const { connection } = usePlatform();
  const map = useQuery('map', () => call<SystemMap>('GET', '/map'));
  const shown = pages.filter(
    ({ plugin }) => !plugin || map.data?.plugins.includes(plugin) !== false,
  );
  if (connection === 'signed-out') return <SignedOut />;
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to content
      </a>
      <Rail pages={shown} />
      <div className="stage">
        <Banners />
        <Switch>
          {shown.map(({ path, view: View }) => (
            <Route key={path} path={`/console${path}`}>
              {(params) => <View {...(params as Record<string, string>)} />}
            </Route>
          ))}
          <Redirect to="/console/system" replace />
        </Switch>
      </div>
      <FeedbackArea />
    </div>
  );
}

function Rail({ pages: shown }: { readonly pages: typeof pages }) {
  const [location, navigate] = useLocation();
  const { status, connection } = usePlatform();
  const signOut = async () => {
    await call('DELETE', '/session').catch(() => undefined);
    navigate('/console/system');
    await refresh();
  };
  return (
    <nav className="rail" aria-label="Views">
      <p className="brand">Fieldguide</p>
      <p className="environment">
        <span className="secondary">environment</span>
        <strong>{status?.environment ?? '…'}</strong>
      </p>
      <ul>
        {shown
          .filter(({ name }) => name)
          .map(({ path, name }) => {
            const href = `/console${path}`;
            const isHere = location === href || location.startsWith(`${href}/`);
            return (
              <li key={path}>
                <Link href={href} aria-current={isHere ? 'page' : undefined}>
                  {name}
                </Link>
              </li>
            );
          })}
      </ul>
      <div className="rail-end">
        <span className={`state tone-${connection === 'online' ? 'ok' : 'warn'}`}>
          <span aria-hidden="true">{connection === 'online' ? '●' : '▲'}</span>{' '}
          {connection === 'online' ? 'live' : connection}
        </span>
        <button type="button" className="quiet" onClick={signOut}>
          Sign out
        </button>
      </div>
    </nav>
  );
}

/** The red bar of active faults; and whether the platform responds. */
function Banners() {
  const { connection, status } = usePlatform();
  const faults = status?.faults ?? [];
  return (
    <>
      {faults.length > 0 && (
        <Banner kind="fault">
          <Link href="/console/faults">
            {faults.length === 1 ? 'A fault is active' : `${faults.length} faults are active`}:{' '}
            {faults.map(({ title }) => title).join('; ')}
          </Link>
        </Banner>
      )}
      {connection === 'away' && (
        <Banner kind="away">
          ▲ The platform is away. This is the last known state; the page continues when it responds.
        </Banner>
      )}
      {connection === 'starting' && <Banner kind="away">◐ The platform is starting.</Banner>}
    </>
  );
}

function Banner({ kind, children }: { readonly kind: string; readonly children: ReactNode }) {
  return (
    <div className={`banner ${kind}`} role="status">
      {children}
    </div>
  );
}
