/** Every topic with its settings; `provision` creates them. One place, so that none is made by accident. */
export interface Topic {
  readonly name: string;
  readonly producer: string;
  readonly consumers: readonly string[];
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
}

const days = (count: number) => String(count * 24 * 60 * 60 * 1_000);
// Kafka deletes whole segments, by their newest record: without segment.ms one record a day would keep the old ones for
// another week. So a record is kept for retention.ms and at most segment.ms more (docs/reference/retention.md).
const log = { 'retention.ms': days(7), 'segment.ms': days(1), 'segment.bytes': '16777216' };
const compacted = { 'cleanup.policy': 'compact', 'segment.ms': days(1) };

export const topics: readonly Topic[] = [
  {
    name: 'catalog.products.v1',
    producer: 'catalog',
    consumers: ['ordering'],
    partitions: 3,
    settings: compacted,
  },
  {
    name: 'ordering.orders.v1',
    producer: 'ordering',
    consumers: ['inventory', 'shipping'],
    partitions: 6,
    settings: log,
  },
  {
    name: 'inventory.requests.v1',
    producer: 'ordering',
    consumers: ['inventory'],
    partitions: 6,
    settings: log,
  },
  {
    name: 'inventory.reservations.v1',
    producer: 'inventory',
    consumers: ['ordering'],
    partitions: 6,
    settings: log,
  },
  {
    name: 'payments.requests.v1',
    producer: 'ordering',
    consumers: ['payments'],
    partitions: 6,
    settings: log,
  },
  {
    name: 'payments.payments.v1',
    producer: 'payments',
    consumers: ['ordering'],
    partitions: 6,
    settings: log,
  },
  {
    name: 'shipping.shipments.v1',
    producer: 'shipping',
    consumers: ['ordering'],
    partitions: 6,
    settings: log,
  },
  {
    name: 'identity.sessions.v1',
    producer: 'identity',
    consumers: ['all'],
    partitions: 1,
    settings: { 'retention.ms': '3600000', 'segment.ms': '600000' },
  },
  {
    name: 'identity.accounts.v1',
    producer: 'identity',
    consumers: ['ordering'],
    partitions: 3,
    settings: log,
  },
];
