import { Link } from 'wouter';
import { Page } from '../design/page.tsx';
import { money, Price } from '../design/price.tsx';
import { signInFrom } from '../session/return-to.ts';
import { useSession } from '../session/use-session.ts';
import { cart } from '../shop.ts';
import { type CartLine, totalOf, withQuantity } from './cart.ts';
import { Checkout } from './checkout.tsx';
import { useCart, usePendingOrder } from './use-cart.ts';

export function CartPage() {
  const lines = useCart();
  const pending = usePendingOrder();
  if (lines.length === 0 && !pending)
    return (
      <Page title="Cart">
        <div className="empty">
          <p>Your cart is empty.</p>
          <Link href="/">Find something for it</Link>
        </div>
      </Page>
    );
  const total = totalOf(lines);
  return (
    <Page title="Cart">
      <div className="cart">
        <section className="summary" aria-label="What you order">
          <ul className="lines sheet" aria-label="Lines of your cart">
            {lines.map((line) => (
              <Line key={line.productId} line={line} isLocked={pending !== null} />
            ))}
          </ul>
          <p className="total">
            {total ? (
              <>
                Total <strong>{money(total)}</strong>
              </>
            ) : (
              'The prices are in several currencies: order them one by one.'
            )}
          </p>
        </section>
        <CheckoutOrSignIn />
      </div>
    </Page>
  );
}

function Line({ line, isLocked }: { line: CartLine; isLocked: boolean }) {
  const { productId, name, quantity, price } = line;
  const set = (wanted: number) => cart.update((lines) => withQuantity(lines, productId, wanted));
  return (
    <li>
      <Link href={`/shop/products/${productId}`}>{name}</Link>
      <Price of={price} />
      <label>
        <span className="unseen">Quantity of {name}</span>
        <input
          type="number"
          min={1}
          max={99}
          value={quantity}
          disabled={isLocked}
          onChange={(event) => set(Number(event.target.value) || 1)}
        />
      </label>
      <button type="button" disabled={isLocked} onClick={() => set(0)}>
        Remove<span className="unseen"> {name}</span>
      </button>
    </li>
  );
}

function CheckoutOrSignIn() {
  const session = useSession();
  if (session.status === 'signedIn')
    return session.caller.isStaff ? (
      <p>Staff accounts cannot order: sign in as a customer.</p>
    ) : (
      <Checkout customerId={session.caller.id} />
    );
  if (session.status === 'resuming') return <p role="status">Looking for your session …</p>;
  return (
    <p className="sheet">
      {session.status === 'ended' ? 'Your session has ended. ' : ''}
      <Link href={signInFrom('/shop/cart')}>Sign in to order</Link>: your cart is kept.
    </p>
  );
}
