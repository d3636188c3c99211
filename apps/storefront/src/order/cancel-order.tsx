import { useState } from 'react';
import { ApiError } from '../api/api-error.ts';
import type { Order } from '../api/reads.ts';
import { Notice } from '../design/notice.tsx';
import { problemWords } from '../design/problem-words.ts';
import { shop } from '../shop.ts';
import { isCancellable } from './order-progress.ts';

/** Requests the cancellation. Before the order is confirmed ordering decides, after it shipping does. */
export function CancelOrder(props: { order: Order; onChange: () => Promise<void> }) {
  const { order, onChange } = props;
  const [error, setError] = useState<unknown>();
  const [wasRequested, setRequested] = useState(false);
  const cancel = async () => {
    setError(undefined);
    try {
      await shop.cancel(order.id);
      setRequested(true);
    } catch (failure) {
      setError(failure);
    }
    await onChange();
  };
  const isTooLate = wasRequested && (order.status === 'dispatched' || order.status === 'completed');
  return (
    <div className="cancel">
      {isCancellable(order.status) && (
        <button type="button" onClick={cancel}>
          Cancel this order
        </button>
      )}
      <div role="status">
        {order.status === 'cancelling' && (
          <Notice kind="waiting">The parcel may be at the door already: shipping decides.</Notice>
        )}
        {wasRequested && order.status === 'cancelled' && (
          <Notice kind="good">Your order is cancelled.</Notice>
        )}
        {isTooLate && (
          <Notice kind="info">It was too late: the parcel has left. You can send it back.</Notice>
        )}
        {error !== undefined && (
          <Notice kind={error instanceof ApiError ? 'info' : 'bad'}>{problemWords(error)}</Notice>
        )}
      </div>
    </div>
  );
}
