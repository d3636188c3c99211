import { createContext, type ReactNode, use, useId } from 'react';

interface MenuProps {
  readonly label: string;
  readonly children: ReactNode;
}

/** The id of the menu around an action. */
const MenuId = createContext('');

/** Actions behind a button: a popover, which the browser closes with Escape and with a click elsewhere. */
export function Menu({ label, children }: MenuProps) {
  const id = useId();
  return (
    <MenuId value={id}>
      <button type="button" className="quiet" popoverTarget={id} aria-label={label}>
        <span aria-hidden="true">⋯</span>
      </button>
      <div id={id} popover="auto" className="menu-items">
        {children}
      </div>
    </MenuId>
  );
}

interface MenuActionProps {
  readonly onClick: () => void;
  readonly disabled?: boolean;
  readonly children: ReactNode;
}

/** An action of a menu, which it closes. */
export function MenuAction(props: MenuActionProps) {
  return <button type="button" popoverTarget={use(MenuId)} popoverTargetAction="hide" {...props} />;
}
