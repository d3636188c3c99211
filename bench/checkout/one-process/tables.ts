import type { PlaceOrderRequest } from '@fieldguide/contracts/ordering';

export type Lines = PlaceOrderRequest['lines'];
/** A checkout as `CLAIM` returns it. */
export type Row<Checkout> = Omit<Checkout, 'orderId'> & { readonly order_id: string };

export const UNITS = 1_000_000; // of each product
const documents = ['reservations', 'payments', 'shipments', 'addresses'];
const product = "('01900000-0000-7000-8000-0000000000' || to_char(n, 'FM00'))::uuid";

export const TABLES = `
  CREATE TABLE orders (
    order_id uuid PRIMARY KEY, version int NOT NULL DEFAULT 0, state jsonb,
    placed_at timestamptz NOT NULL DEFAULT now(), due_at timestamptz, completed_at timestamptz
  );
  CREATE INDEX ON orders (due_at) WHERE completed_at IS NULL;
  CREATE TABLE order_events (
    order_id uuid, version int, event jsonb NOT NULL, time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, version)
  );
  CREATE TABLE stock (product_id uuid PRIMARY KEY, on_hand int NOT NULL, reserved int NOT NULL);
  CREATE TABLE products (product_id uuid PRIMARY KEY, name text NOT NULL, price_minor int NOT NULL);
  INSERT INTO stock SELECT ${product}, ${UNITS}, 0 FROM generate_series(1, 41) n;
  INSERT INTO products SELECT ${product}, 'Tent', 6900 FROM generate_series(1, 41) n;
  ${documents.map((each) => `CREATE TABLE ${each} (order_id uuid PRIMARY KEY, row jsonb NOT NULL);`).join('\n')}`;

export const find = (table: 'stock' | 'products', lock = '') =>
  `SELECT * FROM ${table} WHERE product_id = ANY($1) ORDER BY product_id ${lock}`;

/** Claims orders whose process stopped in the middle. */
export const CLAIM = `
  WITH due AS (
    UPDATE orders SET due_at = now() + interval '10 s' WHERE order_id IN (
      SELECT order_id FROM orders WHERE completed_at IS NULL AND due_at < now()
      LIMIT 16 FOR UPDATE SKIP LOCKED
    ) RETURNING order_id, version, state
  )
  SELECT order_id, version, state, p.row AS payment, r.row AS reservation, s.row AS shipment
  FROM due JOIN payments p USING (order_id) JOIN reservations r USING (order_id)
    LEFT JOIN shipments s USING (order_id)`;
