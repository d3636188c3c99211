import 'reflect-metadata';
import { type Database } from '@fieldguide/database';
import { pruneNext } from '@fieldguide/database/parts';
import { freshDatabase } from '@fieldguide/database/testing';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { IdentityTables1760000002000 } from '../../migrations/1760000002000-identity-tables.ts';
import { SessionEnds1760000012001 } from '../../migrations/1760000012001-session-ends.ts';
import { sessionRetention } from './session.retention.ts';

let database: Database;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_session_retention', {
    migrations: [IdentityTables1760000002000, SessionEnds1760000012001],
  });
});
afterAll(() => database.close());

it('a session goes a week after it expired or was ended, whichever was first', async () => {
  const account = '01900000-0000-7000-8000-000000000001';
  await database.query(
    `INSERT INTO accounts SELECT * FROM jsonb_populate_record(NULL::accounts,
       '{"id": "${account}", "email": "a@b.test", "name": "A", "password_hash": "x", "kind": "customer", "version": 1}')`,
  );
  const sessions = {
    'expired long ago': ["now() - interval '8 days'", 'NULL'],
    'ended long ago': ["now() + interval '20 days'", "now() - interval '8 days'"],
    'expired lately': ["now() - interval '6 days'", 'NULL'],
    'ended lately': ["now() + interval '20 days'", "now() - interval '6 days'"],
    open: ["now() + interval '20 days'", 'NULL'],
  };
  for (const [name, [expires, ended]] of Object.entries(sessions))
    await database.query(
      `INSERT INTO sessions VALUES (gen_random_uuid(), '${account}', $1, ${expires}, ${ended}, 1)`,
      [name],
    );
  await pruneNext(database, sessionRetention);
  const left = await database.query<{ name: string }>(
    'SELECT refresh_hash AS name FROM sessions ORDER BY 1',
  );
  expect(left.map(({ name }) => name)).toEqual(['ended lately', 'expired lately', 'open']);
});
