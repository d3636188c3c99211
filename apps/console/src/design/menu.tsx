import { type ReactNode, useRef, useState } from 'react';

interface MenuProps {
  readonly label: string;
  readonly children: ReactNode;
}

/** Actions behind a button; closes with Escape, with the focus leaving, and after an action. */
export function Menu({ label, children }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only handles what its buttons pass on
    <div
      className="menu"
      onBlur={({ currentTarget, relatedTarget }) =>
        currentTarget.contains(relatedTarget) || setOpen(false)
      }
      onKeyDown={({ key }) => {
        if (key !== 'Escape') return;
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button
        ref={button}
        type="button"
        className="quiet"
        aria-expanded={isOpen}
        aria-label={label}
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden="true">⋯</span>
      </button>
      {isOpen && (
        // biome-ignore lint/a11y/noStaticElementInteractions: a click on any action closes the menu
        // biome-ignore lint/a11y/useKeyWithClickEvents: the actions are buttons, which keys click
        <div className="menu-items" onClick={() => setOpen(false)}>
          {children}
        </div>
      )}
    </div>
  );
}
