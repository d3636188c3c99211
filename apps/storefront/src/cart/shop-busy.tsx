import { useEffect, useRef } from 'react';
import { Notice } from '../design/notice.tsx';
import type { PendingOrder } from './pending-order.ts';

/** After so many tries the customer decides when to send the order again. */
const AUTOMATIC_MAX = 10;

interface ShopBusyProps {
  readonly busy: NonNullable<PendingOrder['busy']>;
  readonly isSending: boolean;
  readonly onSend: () => void;
}

/** The shop has more orders than it can handle in time. Sends the order again at the time that the shop states, with the same key. */
export function ShopBusy({ busy, isSending, onSend }: ShopBusyProps) {
  const { retryAtMs, retryAfterSeconds, times } = busy;
  const isAutomatic = times <= AUTOMATIC_MAX;
  const latest = useRef(onSend);
  latest.current = onSend;
  useEffect(() => {
    if (!isAutomatic) return;
    const timer = setTimeout(() => latest.current(), Math.max(0, retryAtMs - Date.now()));
    return () => clearTimeout(timer);
  }, [retryAtMs, isAutomatic]);
  const when = `about ${retryAfterSeconds} ${retryAfterSeconds === 1 ? 'second' : 'seconds'}`;
  return (
    <section className="sheet" aria-label="Your order">
      <div role="alert">
        <Notice kind="waiting">
          The shop is busy: your order is not placed yet.{' '}
          {isAutomatic ? `We send it again in ${when}.` : `Send it again in ${when}.`}
        </Notice>
      </div>
      <p>Your cart is kept, and nothing is charged until the order is placed.</p>
      <button type="button" className="primary wide" disabled={isSending} onClick={onSend}>
        {isSending ? 'Sending your order …' : 'Send the order now'}
      </button>
    </section>
  );
}
