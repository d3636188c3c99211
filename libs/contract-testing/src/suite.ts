import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Clock, Ids } from '@fieldguide/clock';
import { ServiceOptions } from '@fieldguide/config';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { type MessageContract } from '@fieldguide/messaging';
import { MessageConsumer } from '@fieldguide/messaging/parts';
import { handlersOf } from '@fieldguide/messaging/testing';
import { LOG } from '@fieldguide/telemetry';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { surfacesOf } from './fields.ts';
import { explain, type Finding } from './findings.ts';
import { PACTS, RESULTS } from './places.ts';
import { type ProviderSettings, ProviderUnderTest, pactsWith, readPact } from './provider.ts';

export type { ProviderState } from './provider.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of a real PostgreSQL with a role that may create databases. */
    postgres: string;
  }
}

/** Verifies the real service against the pacts of its consumers, with one test for each consumer. */
export function describeProviderPacts(
  name: string,
  module: Type,
  settings: Omit<ProviderSettings, 'postgresUrl'>,
): void {
  describe(`${name}, as a provider,`, () => {
    let provider: ProviderUnderTest;
    beforeAll(async () => {
      const postgresUrl = inject('postgres');
      provider = await ProviderUnderTest.start(name, module, { ...settings, postgresUrl });
    });
    afterAll(() => provider?.close());

    if (process.env.FIELDGUIDE_PACT === 'fields') {
      everyFieldIsMissed(() => provider, pactsWith(name, readdirSync(PACTS)));
      return;
    }
    it.each(pactsWith(name, readdirSync(PACTS)))(
      'satisfies what $consumer expects',
      async ({ consumer, file }) => {
        const findings = await provider.verify(file);
        saveVerdict(name, consumer, file, findings);
        expect(explain(findings)).toBe('');
      },
    );
  });
}

/** Removes each field that the provider sends: exactly the pacts of its readers must fail. */
function everyFieldIsMissed(
  provider: () => ProviderUnderTest,
  pacts: readonly { readonly file: string }[],
): void {
  it('fails exactly the pacts of the readers of each removed field', async () => {
    const { surfaces, close } = await surfacesOf(provider(), pacts);
    let tried = 0;
    for (const { name, fields, readers, without } of surfaces)
      for (const field of fields) {
        expect.soft(await without(field), `${name}: ${field}`).toEqual(readers.get(field));
        tried += 1;
      }
    close();
    expect(tried).toBeGreaterThan(2);
    process.stderr.write(`  ${tried} fields of ${surfaces.length} responses and messages\n`);
  }, 180_000);
}

/** Saves the verdict as a file for `tools/contracts`. */
function saveVerdict(
  provider: string,
  consumer: string,
  file: string,
  findings: readonly Finding[],
): void {
  const text = readFileSync(file, 'utf8');
  const verdict = {
    consumer,
    provider,
    pact: createHash('sha256').update(text).digest('hex').slice(0, 12),
    interactions: readPact(file).interactions.length,
    ok: findings.length === 0,
    findings: explain(findings).split('\n').filter(Boolean),
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, basename(file)), JSON.stringify(verdict, null, 2));
}

/** Delivers a message to the service's real consumer and handlers, as from the transport. */
export async function deliver(
  app: NestFastifyApplication,
  controllers: readonly Type[],
  { topic, senders, type }: MessageContract,
  subject: string,
  data: unknown,
): Promise<void> {
  const handlers = handlersOf(...controllers.map((controller) => app.get<object>(controller)));
  const [clock, ids] = [app.get(Clock), app.get(Ids)];
  const { name } = app.get(ServiceOptions);
  const consumer = new MessageConsumer(
    name,
    app.get(UnitOfWorkRunner),
    handlers,
    clock,
    app.get(LOG),
  );
  const envelope = {
    specversion: '1.0',
    id: ids.next(),
    source: `/${senders[0]}`,
    type,
    subject,
    time: clock.now().toISOString(),
    data,
    correlationid: ids.next(),
  };
  const position = { partition: 0, offset: '0' };
  const [key, value] = [Buffer.from(subject), Buffer.from(JSON.stringify(envelope))];
  await consumer.handle([{ topic, key, value, position }]);
}
