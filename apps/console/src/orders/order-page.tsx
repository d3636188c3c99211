import { Link } from 'wouter';
import { call, callApp } from '../api/client.ts';
import type { TraceSummary } from '../api/types.ts';
import { useQuery } from '../api/use-query.ts';
import { act } from '../design/feedback.tsx';
import { clock, shortId } from '../design/format.ts';
import { Loaded, Page } from '../design/page.tsx';
import { EventStream } from './event-stream.tsx';
import { Waiting } from './orders-page.tsx';
import { Sequence } from './sequence.tsx';
import { OrderState } from './status.tsx';
import { APP, type Arrow, type Checkout, type LoggedEvent, money, type Order } from './types.ts';
import './orders.css';

const POLL_MS = 2_000;

/** One order: the saga as a sequence, and its stream with the state after each event. */
export function OrderPage({ id }: { readonly id: string }) {
  const details = useQuery(
    `order ${id}`,
    async () => {
      const [order, checkouts, events] = await Promise.all([
        callApp<Order>(APP, 'GET', `/orders/${id}`),
        callApp<{ items: Checkout[] }>(APP, 'GET', '/checkouts'),
        callApp<{ items: LoggedEvent[] }>(APP, 'GET', `/log/orders/${id}`),
      ]);
      const checkout = checkouts.items.find(({ orderId }) => orderId === id);
      return { order, checkout, events: events.items };
    },
    POLL_MS,
  );
  // Read again for each new event: it reads the topics, which takes a second.
  const version = details.data?.events.length;
  const sequence = useQuery(version === undefined ? undefined : `sequence ${id} ${version}`, () =>
    call<{ arrows: Arrow[] }>('GET', `/plugins/explain/sequence?order=${id}`),
  );
  return (
    <Page
      title={`Order ${shortId(id)}`}
      summary="Each message with sender, receiver and source line; the stream with the state after each event."
      command={`explain ${id}`}
    >
      <p className="breadcrumb">
        <Link href="/console/orders">← Orders</Link>
      </p>
      <Loaded query={details}>
        {({ order, checkout, events }) => (
          <>
            <Summary order={order} checkout={checkout} />
            <h2>Sequence</h2>
            <Loaded query={sequence}>{({ arrows }) => <Sequence arrows={arrows} />}</Loaded>
            <h2>Stream</h2>
            <EventStream events={events} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface SummaryProps {
  readonly order: Order;
  readonly checkout: Checkout | undefined;
}

function Summary({ order, checkout }: SummaryProps) {
  const { id, status, statusReason, total, payment, placedAt } = order;
  const traces = useQuery(`traces ${id}`, () =>
    call<TraceSummary[]>('GET', `/traces?order=${id}&limit=20`),
  );
  const first = traces.data?.toSorted((a, b) => b.spans - a.spans)[0];
  return (
    <section className="card order-summary" aria-label="Summary">
      <dl>
        <div>
          <dt>Id</dt>
          <dd className="number">{id}</dd>
        </div>
        <div>
          <dt>Status</dt>
          <dd>
            <OrderState status={status} reason={statusReason} />
          </dd>
        </div>
        <div>
          <dt>Placed</dt>
          <dd className="number">{clock(placedAt)}</dd>
        </div>
        <div>
          <dt>Total</dt>
          <dd className="number">
            {money(total)}, {payment.status}
          </dd>
        </div>
        <div>
          <dt>Waits for</dt>
          <dd>
            <Waiting checkout={checkout} />
          </dd>
        </div>
      </dl>
      <div className="row">
        {checkout && <CheckoutActions id={id} />}
        {first && <a href={`/zipkin/traces/${first.traceId}`}>Trace in Lens</a>}
        <Link href={`/console/traces?order=${id}`}>Traces</Link>
        <Link href={`/console/logs?order=${id}`}>Logs</Link>
      </div>
    </section>
  );
}

function CheckoutActions({ id }: { readonly id: string }) {
  const run = (path: string, done: string) => ({
    run: () => callApp(APP, 'POST', `/checkouts/${id}/${path}`),
    done: () => `The checkout ${done}`,
  });
  return (
    <>
      <button type="button" onClick={() => act(run('retries', 'is retried'))}>
        Retry
      </button>
      <button
        type="button"
        onClick={() =>
          act({
            ...run('abandonment', 'is abandoned'),
            confirm: {
              title: 'Abandon this checkout?',
              risk: 'The completed steps are compensated, and the order is rejected.',
              verb: 'Abandon',
            },
          })
        }
      >
        Abandon
      </button>
      <button type="button" onClick={() => act(run('deadline', 'expires within two seconds'))}>
        Expire
      </button>
    </>
  );
}
