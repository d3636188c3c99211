import type { ReactNode } from 'react';
import { Redirect, useLocation } from 'wouter';
import type { Caller } from './access-token.ts';
import { signInFrom } from './return-to.ts';
import { useSession } from './use-session.ts';

/** Shows its content to a signed-in caller, and leads everyone else to sign in and back. */
export function SignedIn({ children }: { children: (caller: Caller) => ReactNode }) {
  const state = useSession();
  const [path] = useLocation();
  if (state.status === 'signedIn') return children(state.caller);
  if (state.status === 'resuming')
    return (
      <p className="page" role="status">
        Looking for your session …
      </p>
    );
  return <Redirect to={signInFrom(path)} replace />;
}
