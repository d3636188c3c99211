import { Link } from 'wouter';
import type { Orders } from '../api/reads.ts';
import { ErrorNotice, Notice } from '../design/notice.tsx';
import { Page } from '../design/page.tsx';
import { money } from '../design/price.tsx';
import { useLoaded } from '../loading/use-loaded.ts';
import { SignedIn } from '../session/signed-in.tsx';
import { shop } from '../shop.ts';
import { statusWords } from './order-words.ts';

export const OrdersPage = () => <SignedIn>{() => <OrderList />}</SignedIn>;

function OrderList() {
  const { value, error, isLoading } = useLoaded('orders', () => shop.orders({ limit: '50' }));
  return (
    <Page title="Your orders">
      {isLoading && <div className="sheet skeleton tall" />}
      {value && error !== undefined && (
        <Notice kind="waiting">Ordering does not answer: these may be out of date.</Notice>
      )}
      {!value && <ErrorNotice error={error} />}
      {value && <Table orders={value.items} />}
      {value?.nextCursor && <p>Only the 50 newest orders are shown.</p>}
    </Page>
  );
}

function Table({ orders }: { orders: Orders['items'] }) {
  if (orders.length === 0)
    return (
      <div className="empty">
        <p>You have not ordered anything yet.</p>
        <Link href="/">Find something</Link>
      </div>
    );
  return (
    <ul className="orders sheet">
      {orders.map(({ id, placedAt, total, status }) => (
        <li key={id}>
          <Link href={`/shop/orders/${id}`}>
            {new Date(placedAt).toLocaleString('en-GB', {
              dateStyle: 'medium',
              timeStyle: 'short',
            })}
          </Link>
          <span className={`badge ${statusWords[status][1]}`}>{statusWords[status][0]}</span>
          <span className="price">{money(total)}</span>
        </li>
      ))}
    </ul>
  );
}
