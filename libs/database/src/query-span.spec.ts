import { expect, it } from 'vitest';
import { summaryOf } from './query-span.ts';

it.each([
  ['SELECT 1', 'SELECT'],
  ['START TRANSACTION', 'START'],
  ['COMMIT', 'COMMIT'],
  ['SELECT "a"."id" AS "a_id" FROM "things" "a" WHERE "a"."name" = \'Ada\'', 'SELECT things'],
  ['INSERT INTO outbox (topic, envelope) SELECT * FROM unnest($1::text[])', 'INSERT outbox'],
  ['INSERT INTO "things"("id") VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = 1', 'INSERT things'],
  [
    'SELECT x FROM orders JOIN lines USING (id) ORDER BY extract(epoch FROM now())',
    'SELECT orders lines',
  ],
  ['SELECT count(*) FROM open_checkouts FOR UPDATE SKIP LOCKED', 'SELECT open_checkouts'],
  [
    `WITH due AS MATERIALIZED (SELECT id FROM payments LIMIT 1 FOR UPDATE SKIP LOCKED),
     claimed AS (UPDATE payments SET version = 1 FROM due) SELECT * FROM claimed`,
    'UPDATE payments',
  ],
  ['DELETE FROM inbox WHERE received_at < now()', 'DELETE inbox'],
])('%s is summarised as %s', (sql, summary) => {
  expect(summaryOf(sql)).toEqual({ operation: summary.split(' ')[0], summary });
});
