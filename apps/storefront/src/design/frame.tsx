import { useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { unitsIn } from '../cart/cart.ts';
import { useCart } from '../cart/use-cart.ts';
import { useSession } from '../session/use-session.ts';
import { Mark } from './mark.tsx';
import { Notice } from './notice.tsx';

/** Name of the shop, the ways through it, and whether the browser is offline. */
export function Header() {
  const state = useSession();
  const units = unitsIn(useCart());
  const isStaff = state.status === 'signedIn' && state.caller.isStaff;
  return (
    <header className="top">
      <div className="bar">
        <Link href="/" className="brand" aria-label="Fieldguide Outfitters, home">
          <Mark />
          <span>Fieldguide</span>
        </Link>
        <nav aria-label="Shop">
          <To href="/">Products</To>
          {state.status === 'signedIn' || state.status === 'resuming' ? (
            <>
              {!isStaff && <To href="/shop/orders">Orders</To>}
              <To href="/shop/account">Account</To>
            </>
          ) : (
            <To href="/shop/sign-in">Sign in</To>
          )}
          {!isStaff && (
            <To href="/shop/cart" className="to-cart">
              Cart <span className="count">{units}</span>
              <span className="unseen"> {units === 1 ? 'unit' : 'units'}</span>
            </To>
          )}
        </nav>
      </div>
      <OfflineNotice />
    </header>
  );
}

function To(props: { href: string; className?: string; children: React.ReactNode }) {
  const [path] = useLocation();
  return <Link {...props} aria-current={path === props.href ? 'page' : undefined} />;
}

function OfflineNotice() {
  const [isOffline, setOffline] = useState(!navigator.onLine);
  useEffect(() => {
    const change = () => setOffline(!navigator.onLine);
    window.addEventListener('online', change);
    window.addEventListener('offline', change);
    return () => {
      window.removeEventListener('online', change);
      window.removeEventListener('offline', change);
    };
  }, []);
  return (
    <div role="status">
      {isOffline && (
        <Notice kind="waiting">
          You are offline. You see what was loaded before; your cart is kept.
        </Notice>
      )}
    </div>
  );
}

export function Footer() {
  return (
    <footer className="bottom">
      <p>
        A reference shop: the goods, cards and parcels do not exist. <a href="/docs">API</a>
      </p>
    </footer>
  );
}
