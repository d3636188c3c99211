import type { ReactNode } from 'react';
import { problemWords } from './problem-words.ts';

const signs = { info: 'i', good: '✓', waiting: '◷', bad: '!' } as const;

/** A message with a sign: the colour alone carries no meaning. */
export function Notice({ kind, children }: { kind: keyof typeof signs; children: ReactNode }) {
  return (
    <div className={`notice ${kind}`}>
      <span className="sign" aria-hidden="true">
        {signs[kind]}
      </span>
      <div>{children}</div>
    </div>
  );
}

/** Why something did not work, read out as soon as it appears. */
export function ErrorNotice({ error }: { error: unknown }) {
  return (
    <div role="alert">
      {error !== undefined && <Notice kind="bad">{problemWords(error)}</Notice>}
    </div>
  );
}

export function StaleNotice({ sinceMs, away }: { sinceMs: number | undefined; away: string }) {
  return (
    <div role="status">
      {sinceMs !== undefined && (
        <Notice kind="waiting">
          Prices from {clockTime(sinceMs)}, {away} is away. You can browse meanwhile.
        </Notice>
      )}
    </div>
  );
}

export const clockTime = (timeMs: number) =>
  new Date(timeMs).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
