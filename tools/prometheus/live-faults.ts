// The fault that causes each alert on the running system.
import type { OperatorClient } from '@fieldguide/platform-cli/client/operator-client';
import type { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import type { Fault } from '@fieldguide/platform-controller/faults/fault';
import type { ShopTraffic } from './shop-traffic.ts';

/** What a fault is started with. */
export interface LiveSystem {
  readonly platform: PlatformClient;
  /** A new client: one remembers the addresses of instances, which faults replace. */
  operator(): OperatorClient;
  readonly traffic: ShopTraffic;
}

const DISPATCH_DELAY = 'DISPATCH_DELAY_MS';

/** Ends a fault, and resolves when everything is as it was. */
type Stop = () => Promise<unknown>;

export interface LiveFault {
  /** As one types it: `fieldguide …`. */
  readonly what: string;
  /** One order a second meanwhile; every fault has visitors who browse and sign in. */
  readonly orders?: true;
  start(system: LiveSystem): Promise<Stop>;
  /** Alert and severity: all of them fire. */
  readonly fires: readonly string[];
  /** Alerts that may follow, with the reason. */
  readonly follows?: Readonly<Record<string, string>>;
}

/** A fault of the platform, in the words of its command line. */
function platformFault(kind: string, target: string, parameters: object = {}) {
  return async ({ platform }: Pick<LiveSystem, 'platform'>): Promise<Stop> => {
    const request = { kind, target, force: true, forSeconds: 1_800, ...parameters };
    const { id } = await platform.call<Fault>('POST', '/faults', request);
    return () => platform.call('DELETE', `/faults/${id}`);
  };
}

const burns = (objective: string) => [
  `${objective}BudgetBurn page`,
  `${objective}BudgetBurn ticket`,
];
const late = Object.fromEntries(
  burns('Completing').map((each) => [each, 'orders that have waited complete late']),
);
const notCalled = { 'BreakerOpen ticket': 'the gateway stops calling an app that fails' };

export const liveFaults: readonly LiveFault[] = [
  {
    what: 'fault start http-error catalog',
    orders: true,
    start: platformFault('http-error', 'catalog'),
    fires: burns('Browsing'),
    follows: notCalled,
  },
  {
    what: 'fault start http-error ordering',
    orders: true,
    start: platformFault('http-error', 'ordering'),
    fires: burns('Placing'),
    follows: notCalled,
  },
  {
    what: 'fault start http-error identity',
    start: platformFault('http-error', 'identity'),
    fires: burns('SignIn'),
    follows: notCalled,
  },
  {
    what: `env shipping ${DISPATCH_DELAY}=12000`,
    orders: true,
    start: async ({ platform }) => {
      const setting = `/apps/shipping/settings/${DISPATCH_DELAY}`;
      const delay = (ms: number) => platform.call('PUT', setting, { value: String(ms) });
      await delay(12_000);
      return () => delay(0);
    },
    fires: burns('Completing'),
  },
  {
    what: 'fault start down shipping',
    start: platformFault('down', 'shipping'),
    fires: ['InstanceDown page'],
  },
  {
    what: 'fault start poison-record payments.requests.v1',
    orders: true,
    start: platformFault('poison-record', 'payments.requests.v1'),
    fires: ['DeadLettersWaiting ticket'],
  },
  {
    what: 'fault start refuse catalog --to kafka; a product is added',
    orders: true,
    start: async (system) => {
      const stop = await platformFault('refuse', 'catalog', { to: 'kafka' })(system);
      await addProduct(system);
      return stop;
    },
    fires: ['OutboxAge page'],
  },
  {
    what: 'projections pause sales; 180 orders',
    start: async ({ operator, traffic }) => {
      await operator().call('ordering', 'POST', '/log/projections/sales/pause');
      await traffic.completeOrders(180);
      return () => operator().call('ordering', 'POST', '/log/projections/sales/resume');
    },
    fires: ['ProjectionLag ticket'],
  },
  {
    what: 'fault start slow-consumer payments --delay 5000; duplicate-messages payments.requests.v1',
    start: async (system) => {
      const stop = await platformFault('slow-consumer', 'payments', { delayMs: 5_000 })(system);
      const again = platformFault('duplicate-messages', 'payments.requests.v1', { count: 100 });
      for (let n = 0; n < 3; n++) await again(system);
      return stop;
    },
    fires: ['ConsumerLag ticket'],
  },
  {
    what: 'fault start http-error payments --to payment-provider',
    orders: true,
    start: platformFault('http-error', 'payments', { to: 'payment-provider' }),
    fires: ['BreakerOpen ticket'],
    follows: late,
  },
  {
    what: 'env ordering SHIPMENT_DEADLINE_MS=5000; fault start refuse shipping --to kafka; 3 orders',
    start: async (system) => {
      const { platform, traffic } = system;
      const setting = '/apps/ordering/settings/SHIPMENT_DEADLINE_MS';
      await platform.call('PUT', setting, { value: '5000' });
      const stop = await platformFault('refuse', 'shipping', { to: 'kafka' })(system);
      for (let n = 0; n < 3; n++) await traffic.order();
      return async () => {
        await platform.call('DELETE', setting);
        await stop();
      };
    },
    fires: ['CheckoutsOverdue ticket'],
    follows: late,
  },
];

/** Its message waits in catalog's outbox. */
async function addProduct({ operator }: Pick<LiveSystem, 'operator'>): Promise<void> {
  const price = { amountMinor: 1_500, currency: 'EUR' };
  const names = { sku: 'PROMETHEUS', name: 'Torch', description: '', category: 'shelter' };
  await operator().call('catalog', 'POST', '/products', { body: { ...names, price } });
}
