import { Link } from 'wouter';
import { callApp } from '../api/client.ts';
import { useQuery } from '../api/use-query.ts';
import { Choice, Search, useFilter } from '../design/filters.tsx';
import { clock, duration, secondsSince, shortId } from '../design/format.ts';
import { Empty, Loaded, Page, State } from '../design/page.tsx';
import { Table } from '../design/table.tsx';
import { OrderState } from './status.tsx';
import { APP, type Checkout, money, type Order } from './types.ts';

const POLL_MS = 2_000;
const statuses = [
  'placed',
  'awaitingPayment',
  'confirmed',
  'dispatched',
  'completed',
  'rejected',
  'cancelling',
  'cancelled',
];

/** The newest orders, and what those whose checkout is open wait for. */
export function OrdersPage() {
  const [status] = useFilter('status');
  const [text] = useFilter('id');
  const orders = useQuery(
    'orders',
    async () => {
      const [{ items }, checkouts] = await Promise.all([
        callApp<{ items: Order[] }>(APP, 'GET', '/orders?limit=100'),
        callApp<{ items: Checkout[] }>(APP, 'GET', '/checkouts'),
      ]);
      return { items, open: new Map(checkouts.items.map((each) => [each.orderId, each])) };
    },
    POLL_MS,
  );
  const id = text.trim().toLowerCase();
  return (
    <Page
      title="Orders"
      summary="The newest hundred orders with their status, and what an open checkout waits for."
      command="checkouts"
      filters={
        <>
          <Choice label="Status" name="status" values={statuses} all="all" />
          <Search label="Id" name="id" hint="order or customer id" />
          {/^[0-9a-f-]{36}$/.test(id) && (
            <Link href={`/console/orders/${id}`}>Open {shortId(id)}</Link>
          )}
        </>
      }
    >
      <Loaded query={orders}>
        {({ items, open }) => {
          const shown = items.filter(
            (each) =>
              (!status || each.status === status) &&
              (!id || each.id.includes(id) || each.customerId.includes(id)),
          );
          return <OrderTable orders={shown} open={open} />;
        }}
      </Loaded>
    </Page>
  );
}

interface OrderTableProps {
  readonly orders: readonly Order[];
  readonly open: ReadonlyMap<string, Checkout>;
}

function OrderTable({ orders, open }: OrderTableProps) {
  if (orders.length === 0) return <Empty>No order matches. Place one in the shop.</Empty>;
  return (
    <Table columns={['Order', 'Status', 'Placed', 'Age', 'Items', 'Total', 'Waits for']}>
      {orders.map((order) => (
        <tr key={order.id}>
          <td className="number">
            <Link href={`/console/orders/${order.id}`} title={order.id}>
              {shortId(order.id)}
            </Link>
          </td>
          <td>
            <OrderState status={order.status} reason={order.statusReason} />
          </td>
          <td className="number">{clock(order.placedAt)}</td>
          <td className="number">{duration(secondsSince(order.placedAt))}</td>
          <td className="number">
            {order.lines.reduce((total, { quantity }) => total + quantity, 0)}
          </td>
          <td className="number">{money(order.total)}</td>
          <td>
            <Waiting checkout={open.get(order.id)} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** What an open checkout waits for, and until when. */
export function Waiting({ checkout }: { readonly checkout: Checkout | undefined }) {
  if (!checkout) return <span className="secondary">–</span>;
  const { step, waitsSince, deadlineAt, overdueSince, retries } = checkout;
  const left = (Date.parse(deadlineAt) - Date.now()) / 1_000;
  return (
    <State tone={overdueSince ? 'bad' : 'busy'}>
      {step} for {duration(secondsSince(waitsSince))},{' '}
      {overdueSince ? 'overdue' : `${duration(Math.max(0, left))} left`}
      {retries > 0 && `, ${retries} retries`}
    </State>
  );
}
