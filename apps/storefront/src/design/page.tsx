import { type ReactNode, useEffect, useRef } from 'react';
import { useLocation } from 'wouter';

let shown: string | undefined;

/** A page with its heading; after a navigation the heading has the focus, so that a screen reader announces it. */
export function Page({ title, children }: { title: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [path] = useLocation();
  useEffect(() => {
    document.title = `${title} · Fieldguide Outfitters`;
  }, [title]);
  useEffect(() => {
    if (shown !== undefined && shown !== path) {
      heading.current?.focus();
      window.scrollTo(0, 0);
    }
    shown = path;
  }, [path]);
  return (
    <div className="page">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </div>
  );
}
