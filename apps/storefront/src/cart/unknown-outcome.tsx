import { Link } from 'wouter';
import { Notice } from '../design/notice.tsx';

/** After a lost answer. The key of the order is kept: the shop recognises a repeat. */
export function UnknownOutcome({ tries, onSend }: { tries: number; onSend: () => void }) {
  return (
    <section className="sheet" aria-label="Your order">
      <div role="alert">
        <Notice kind="waiting">
          We could not find out whether your order arrived. Sending it again is safe.
          {tries > 1 && ` We have tried ${tries} times.`}
        </Notice>
      </div>
      <p>Your cart is kept. If the order has arrived already, you get that one, not a second.</p>
      <button type="button" className="primary wide" onClick={onSend}>
        Send the order again
      </button>
      <p>
        Or look whether it is among <Link href="/shop/orders">your orders</Link>.
      </p>
    </section>
  );
}
