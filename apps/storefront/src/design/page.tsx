import { type ReactNode, useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import { Contours } from './contours.tsx';

let shown: string | undefined;

/** A page with its heading; after a navigation the heading has the focus, so that a screen reader announces it. */
export function Page(props: { title: string; hero?: ReactNode; children: ReactNode }) {
  const { title, hero, children } = props;
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
  const h1 = (
    <h1 ref={heading} tabIndex={-1}>
      {title}
    </h1>
  );
  return (
    <div className="page">
      {hero ? (
        <div className="hero">
          <Contours />
          {h1}
          {hero}
        </div>
      ) : (
        h1
      )}
      {children}
    </div>
  );
}
