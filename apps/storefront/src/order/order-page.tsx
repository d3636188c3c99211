import { useEffect } from 'react';
import { Link } from 'wouter';
import type { Order, TimelineItem } from '../api/reads.ts';
import { clockTime, ErrorNotice, Notice } from '../design/notice.tsx';
import { Page } from '../design/page.tsx';
import { money } from '../design/price.tsx';
import { useLoaded } from '../loading/use-loaded.ts';
import { SignedIn } from '../session/signed-in.tsx';
import { shop } from '../shop.ts';
import { CancelOrder } from './cancel-order.tsx';
import { Events } from './events.tsx';
import { Handlers } from './handlers.tsx';
import { compensationWords } from './order-progress.ts';
import { reasonWords, statusWords } from './order-words.ts';
import { SwimLanes } from './swim-lanes.tsx';
import { useTimeline } from './use-timeline.ts';

export const OrderPage = ({ id }: { id: string }) => (
  <SignedIn>{() => <WatchedOrder id={id} />}</SignedIn>
);

function WatchedOrder({ id }: { id: string }) {
  const { items, error, asOfMs } = useTimeline(id);
  const loaded = useLoaded(`orders/${id}`, () => shop.order(id));
  const { value: order, reload } = loaded;
  useEffect(() => {
    if (items.length > 0) void reload();
  }, [items.length, reload]);
  const failure = order ? undefined : (loaded.error ?? error);
  return (
    <Page title={order ? `Your order, ${money(order.total)}` : 'Your order'}>
      <ErrorNotice error={failure} />
      {failure !== undefined && <Link href="/shop/orders">See your orders</Link>}
      {order && <Status order={order} items={items} />}
      <div role="status">
        {order && error !== undefined && (
          <Notice kind="waiting">
            The last news is from {asOfMs ? clockTime(asOfMs) : 'earlier'}; ordering does not
            answer. Your order continues without this page.
          </Notice>
        )}
      </div>
      {order && (
        <div className="order">
          <section aria-labelledby="happened">
            <div className="sheet">
              <h2 id="happened">What has happened</h2>
              <Events items={items} placedAt={order.placedAt} />
            </div>
            <CancelOrder order={order} onChange={reload} />
          </section>
          <section aria-labelledby="how">
            <h2 id="how" className="unseen">
              Behind the scenes
            </h2>
            <details className="sheet how">
              <summary>How this works</summary>
              <p>Four services share this order. Each does its part, and publishes an event.</p>
              <SwimLanes items={items} />
              <Handlers items={items} />
            </details>
            <Goods order={order} />
          </section>
        </div>
      )}
    </Page>
  );
}

function Status({ order, items }: { order: Order; items: readonly TimelineItem[] }) {
  const [words, mood] = statusWords[order.status];
  const hasFailed = order.status === 'rejected' || order.status === 'cancelled';
  return (
    <div className="status-line">
      <p>
        <strong className={`badge ${mood}`} data-status={order.status}>
          {words}
        </strong>
        {order.shipment && <> Tracking number {order.shipment.trackingNumber}</>}
      </p>
      {order.statusReason && <p>{reasonWords[order.statusReason]}</p>}
      {hasFailed && <p>{compensationWords(items.map(({ type }) => type))}</p>}
    </div>
  );
}

function Goods({ order }: { order: Order }) {
  return (
    <div className="sheet">
      <h3>Goods</h3>
      <ul className="goods">
        {order.lines.map(({ productId, name, quantity, lineTotal }) => (
          <li key={productId}>
            <span>
              {quantity} × {name}
            </span>
            <span className="price">{money(lineTotal)}</span>
          </li>
        ))}
      </ul>
      <p className="hint">
        Order <code>{order.id}</code>
      </p>
    </div>
  );
}
