import 'reflect-metadata';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { inSpan } from '@fieldguide/telemetry';
import {
  type RecordedTraces,
  recordTraces,
  SpanKind,
  SpanStatusCode,
} from '@fieldguide/telemetry/testing';
import { MemoryNotifier } from '@fieldguide/workers';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Database } from './index.ts';
import { PostgresUnitOfWorkRunner } from './parts.ts';
import { freshDatabase, Thing, ThingsTable1760000009000, thing } from './testing/index.ts';

let traces: RecordedTraces;
let database: Database & { url: string };
beforeAll(async () => {
  traces = await recordTraces();
  database = await freshDatabase(inject('backing').postgres, 'int_query_span', {
    entities: [Thing],
    migrations: [ThingsTable1760000009000],
  });
});
afterAll(async () => {
  await database.close();
  await traces.stop();
});
beforeEach(() => traces.clear());

const request = (work: () => Promise<unknown>, from = {}) => {
  const attributes = { 'http.request.method': 'POST' };
  return inSpan({ kind: 'server', name: 'POST /things', attributes, from }, work);
};
const save = () => {
  const origin = { service: 'test', clock: new SystemClock(), ids: new SystemIds() };
  const units = new PostgresUnitOfWorkRunner(database, origin, new MemoryNotifier(origin.clock));
  return units.run((uow) => uow.save(Thing, thing('of-ada@example.org')));
};

describe('a statement', () => {
  it('in a recorded request has a span, as a child, without its values', async () => {
    await request(save);
    const all = await traces.spans();
    const parent = all.find(({ name }) => name === 'POST /things')!;
    const statement = all.find(({ name }) => name === 'UPDATE things')!;
    expect(statement).toMatchObject({
      kind: SpanKind.CLIENT,
      parentSpanContext: { spanId: parent.spanContext().spanId },
      attributes: {
        'db.system.name': 'postgresql',
        'db.namespace': 'int_query_span',
        'db.operation.name': 'UPDATE',
        'db.query.summary': 'UPDATE things',
        'server.address': expect.any(String),
        'server.port': expect.any(Number),
      },
    });
    expect(all.map(({ name }) => name)).toContain('COMMIT');
    expect(JSON.stringify(all.map(({ attributes }) => attributes))).not.toContain('ada');
  });

  it('that fails has the SQLSTATE', async () => {
    await request(() => database.query('SELECT * FROM nothing')).catch(() => undefined);
    const [span] = await traces.named('SELECT nothing');
    expect(span).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': '42P01' },
    });
  });

  it('outside a recorded trace has no span', async () => {
    await database.query('SELECT 1');
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
    await request(() => database.query('SELECT 1'), { traceparent });
    const connection = database.dedicatedConnection('spec');
    await connection.query({ name: 'one', text: 'SELECT 1', values: [] });
    await connection.close();
    expect(await traces.spans()).toEqual([]);
  });
});
