import { environmentOf } from '../../running-instance.ts';
import { ForkedShop } from '../forked-shop.ts';
import type { Watched } from '../usage.ts';
import { TABLES, UNITS } from './tables.ts';

/** Starts the checkout in one process, on PostgreSQL and the payment provider of another contender. */
export function startOneProcess(beside: Watched, postgresUrl: string): Promise<ForkedShop> {
  const { PAYMENT_PROVIDER_URL = '', PROVIDER_API_KEY = '' } = environmentOf(
    beside.processes.get('payments')!,
  );
  return ForkedShop.start(beside, postgresUrl, {
    name: 'one_process',
    tables: TABLES,
    main: new URL('main.ts', import.meta.url),
    env: { PROVIDER_URL: PAYMENT_PROVIDER_URL, PROVIDER_API_KEY },
    uses: ['payment-provider'],
    topicPrefix: 'one-process.',
    counts: {
      orders: 'orders',
      open: 'orders WHERE completed_at IS NULL',
      unsent: 'stock WHERE reserved > 0',
      captured: "payments WHERE row ->> 'status' = 'captured'",
      shipped: `stock, generate_series(on_hand + 1, ${UNITS})`,
    },
  });
}
