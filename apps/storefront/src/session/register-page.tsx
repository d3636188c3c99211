import { type FormEvent, useState } from 'react';
import { Link, Redirect, useSearch } from 'wouter';
import { entriesOf, Field, focusFirstError } from '../design/field.tsx';
import { ErrorNotice } from '../design/notice.tsx';
import { Page } from '../design/page.tsx';
import { session, shop } from '../shop.ts';
import { registrationErrors } from './registration-errors.ts';
import { returnTo } from './return-to.ts';
import { useSession } from './use-session.ts';

export function RegisterPage() {
  const search = useSearch();
  const { status } = useSession();
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<unknown>();
  if (status === 'signedIn') return <Redirect to={returnTo(search)} replace />;

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { email = '', password = '', name = '' } = entriesOf(form);
    const found = registrationErrors({ email, password, name });
    setErrors(found);
    setFailure(undefined);
    if (Object.keys(found).length > 0) return void focusFirstError(form);
    try {
      await shop.register({ email, password, name });
      await session.signIn(email, password);
    } catch (error) {
      setFailure(error);
    }
  };
  return (
    <Page title="Register">
      <form className="sheet narrow" onSubmit={submit} noValidate>
        <Field label="Name" name="name" autoComplete="name" error={errors['name']} />
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          error={errors['email']}
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          hint="8 to 128 characters."
          error={errors['password']}
        />
        <ErrorNotice error={failure} />
        <button type="submit" className="primary">
          Register
        </button>
        <p>
          Registered already? <Link href={`/shop/sign-in?${search}`}>Sign in</Link>
        </p>
      </form>
    </Page>
  );
}
