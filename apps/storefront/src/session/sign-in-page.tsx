import { type FormEvent, useState } from 'react';
import { Link, Redirect, useSearch } from 'wouter';
import { entriesOf, Field } from '../design/field.tsx';
import { ErrorNotice, Notice } from '../design/notice.tsx';
import { Page } from '../design/page.tsx';
import { session } from '../shop.ts';
import { returnTo } from './return-to.ts';
import { useSession } from './use-session.ts';

export function SignInPage() {
  const search = useSearch();
  const { status } = useSession();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  if (status === 'signedIn') return <Redirect to={returnTo(search)} replace />;

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { email = '', password = '' } = entriesOf(event.currentTarget);
    setError(undefined);
    setBusy(true);
    await session.signIn(email, password).catch(setError);
    setBusy(false);
  };
  return (
    <Page title="Sign in">
      <div role="status">
        {status === 'ended' && (
          <Notice kind="info">
            Your session has ended. Sign in, and you are back where you were.
          </Notice>
        )}
      </div>
      <form className="sheet narrow" onSubmit={submit}>
        <Field label="E-mail" name="email" type="email" autoComplete="username" required />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
        <ErrorNotice error={error} />
        <button type="submit" className="primary" disabled={isBusy}>
          Sign in
        </button>
        <p>
          No account yet? <Link href={`/shop/register?${search}`}>Register</Link>
        </p>
      </form>
    </Page>
  );
}
