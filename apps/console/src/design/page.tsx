import { type ReactNode, useEffect, useState } from 'react';
import type { ApiError } from '../api/client.ts';
import { usePlatform } from '../api/platform.ts';
import type { Query } from '../api/use-query.ts';

interface PageProps {
  readonly title: string;
  /** One line about what the page shows. */
  readonly summary: string;
  /** The command line's equivalent, without the program's name. */
  readonly command: string;
  readonly filters?: ReactNode;
  readonly children: ReactNode;
}

/** A view: title, what it shows, the command that does the same, filters, content. */
export function Page({ title, summary, command, filters, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Fieldguide console`;
  }, [title]);
  return (
    <main id="content" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          <p className="secondary">{summary}</p>
        </div>
        <Command text={command} />
      </header>
      {filters && <div className="filters">{filters}</div>}
      {children}
    </main>
  );
}

/** The command that does the same, to copy. */
function Command({ text }: { readonly text: string }) {
  const { status } = usePlatform();
  const [isCopied, setCopied] = useState(false);
  const env = status && status.environment !== 'local' ? ` --env ${status.environment}` : '';
  const full = `npx fieldguide ${text}${env}`;
  const copy = async () => {
    await navigator.clipboard.writeText(full);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <button type="button" className="command" onClick={copy}>
      <code>{full}</code>
      <span aria-live="polite">{isCopied ? 'copied' : 'copy'}</span>
    </button>
  );
}

interface LoadedProps<T> {
  readonly query: Query<T>;
  readonly children: (data: T) => ReactNode;
}

/** Loading, error, or the data; with an error after that, both. */
export function Loaded<T>({ query: { data, error }, children }: LoadedProps<T>) {
  return (
    <>
      {error && <Problem error={error} />}
      {data === undefined && !error && <p className="secondary">Loading…</p>}
      {data !== undefined && children(data)}
    </>
  );
}

function Problem({ error: { status, message, hint } }: { readonly error: ApiError }) {
  const isMissing = status === 404 && message === 'There is no such resource.';
  return (
    <div className="notice" role="status">
      <strong>{isMissing ? 'Not available in this version of the platform.' : message}</strong>
      {hint && !isMissing && <span> Try: {hint}</span>}
    </div>
  );
}

export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className="empty">{children}</p>;
}

const shapes = { ok: '●', busy: '◐', warn: '▲', bad: '■', idle: '○' } as const;
export type Tone = keyof typeof shapes;

/** A state as shape, colour and word. */
export function State({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className={`state tone-${tone}`}>
      <span aria-hidden="true">{shapes[tone]}</span> {children}
    </span>
  );
}
