import { useState } from 'react';
import { useLocation } from 'wouter';
import { ErrorNotice } from '../design/notice.tsx';
import { Page } from '../design/page.tsx';
import { SignedIn } from '../session/signed-in.tsx';
import { forgetCustomer, shop } from '../shop.ts';
import { ChangePassword } from './change-password.tsx';
import { Sessions } from './sessions.tsx';

export const AccountPage = () => (
  <SignedIn>
    {({ id, isStaff }) => (
      <Page title="Account">
        <section className="sheet narrow" aria-label="Session">
          <p>
            {isStaff ? 'Staff' : 'Customer'} <code>{id}</code>
          </p>
          <SignOut />
        </section>
        <Security />
        {!isStaff && <Erasure />}
      </Page>
    )}
  </SignedIn>
);

function Security() {
  const [changes, setChanges] = useState(0);
  return (
    <>
      <Sessions key={changes} />
      <ChangePassword onChanged={() => setChanges(changes + 1)} />
    </>
  );
}

function SignOut() {
  const [, navigate] = useLocation();
  const signOut = async () => {
    await shop.signOut().catch(() => undefined); // without an answer this browser forgets it all the same
    navigate('/');
    forgetCustomer();
  };
  return (
    <button type="button" onClick={signOut}>
      Sign out
    </button>
  );
}

function Erasure() {
  const [, navigate] = useLocation();
  const [isSure, setSure] = useState(false);
  const [error, setError] = useState<unknown>();
  const erase = async () => {
    setError(undefined);
    try {
      await shop.eraseMyAccount();
    } catch (failure) {
      return setError(failure);
    }
    navigate('/');
    forgetCustomer();
  };
  return (
    <section className="sheet narrow" aria-labelledby="erase">
      <h2 id="erase">Erase my account</h2>
      <h3>What goes</h3>
      <ul>
        <li>Your name, e-mail address and password, and every session.</li>
        <li>Every delivery address. An order that has not left is cancelled.</li>
      </ul>
      <h3>What stays</h3>
      <ul>
        <li>What was bought, when, and for how much, under a number without a name.</li>
      </ul>
      <label className="check">
        <input
          type="checkbox"
          checked={isSure}
          onChange={(event) => setSure(event.target.checked)}
        />
        I know that this is permanent.
      </label>
      <ErrorNotice error={error} />
      <button type="button" className="danger" disabled={!isSure} onClick={erase}>
        Erase my account
      </button>
    </section>
  );
}
