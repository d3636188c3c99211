import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { type ApiError, call } from './api/client.ts';

/** Exchanges the one-time code of the link for a session. The code is in the fragment: no log has it. */
export function SignIn() {
  const [, navigate] = useLocation();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    const code = new URLSearchParams(window.location.hash.slice(1)).get('code');
    if (code === null) return; // the second call of the strict mode
    window.history.replaceState(null, '', window.location.pathname);
    call('POST', '/session', { code })
      .then(() => navigate('/console/system', { replace: true }))
      .catch(setError);
  }, [navigate]);
  if (error) return <SignedOut reason={error.message} />;
  return <Door title="Signing in…" />;
}

/** Recovers by itself when the browser signs in elsewhere. */
export function SignedOut({ reason }: { readonly reason?: string }) {
  return (
    <Door title="Signed out">
      <p>{reason ?? 'This browser has no session, or it has ended.'}</p>
      <p>
        Run <code>npx fieldguide console</code>: it opens this page signed in.
      </p>
    </Door>
  );
}

function Door({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: React.ReactNode;
}) {
  return (
    <main className="door">
      <p className="brand">Fieldguide</p>
      <h1>{title}</h1>
      {children}
    </main>
  );
}
