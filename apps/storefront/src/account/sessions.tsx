import { useState } from 'react';
import type { Sessions as Items } from '../api/reads.ts';
import { ErrorNotice } from '../design/notice.tsx';
import { useLoaded } from '../loading/use-loaded.ts';
import { shop } from '../shop.ts';
import { deviceName } from './device-name.ts';

/** Where the customer is signed in, with a way to sign out there. */
export function Sessions() {
  const { value, error, isLoading, reload } = useLoaded('sessions', () => shop.sessions());
  const [failure, setFailure] = useState<unknown>();
  const [done, setDone] = useState('');
  const run = (end: () => Promise<void>, outcome: string) => async () => {
    setFailure(undefined);
    await end().then(() => setDone(outcome), setFailure);
    await reload();
  };
  const items = value?.items ?? [];
  return (
    <section className="sheet narrow" aria-labelledby="sessions">
      <h2 id="sessions">Where you are signed in</h2>
      {isLoading && <div className="skeleton" />}
      {!value && <ErrorNotice error={error} />}
      <ul className="orders">
        {items.map((item) => (
          <SessionItem
            key={item.id}
            item={item}
            end={run(() => shop.endSession(item.id), `Signed out: ${deviceName(item.device)}.`)}
          />
        ))}
      </ul>
      <ErrorNotice error={failure} />
      <p role="status">{done}</p>
      {items.length > 1 && (
        <button
          type="button"
          onClick={run(() => shop.endOtherSessions(), 'Signed out everywhere else.')}
        >
          Sign out everywhere else
        </button>
      )}
    </section>
  );
}

function SessionItem({ item, end }: { item: Items['items'][number]; end: () => void }) {
  const { device, begunAt, refreshedAt, isCurrent } = item;
  const name = deviceName(device);
  return (
    <li>
      <div>
        <strong>{name}</strong>
        {isCurrent && ' · this browser'}
        <p className="hint">
          Last used {inWords(refreshedAt)}, signed in {inWords(begunAt)}
        </p>
      </div>
      {!isCurrent && (
        <button
          type="button"
          onClick={end}
          aria-label={`Sign out: ${name}, signed in ${inWords(begunAt)}`}
        >
          Sign out
        </button>
      )}
    </li>
  );
}

const inWords = (time: string) =>
  new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
