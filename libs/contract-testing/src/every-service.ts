import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RevokedSessions } from '@fieldguide/auth';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { DeadLetter, MemoryUnitOfWorkRunner } from '@fieldguide/database';
import { FixedRegistry } from '@fieldguide/discovery';
import { type IncomingRecord, MessageConsumer } from '@fieldguide/messaging';
import { handlersOf } from '@fieldguide/messaging/testing';
import { ServiceClient } from '@fieldguide/service';
import { JwksKeySource, OnSessionEnded, SessionEndedMessage } from '@fieldguide/service/testing';
import { makeLog } from '@fieldguide/telemetry';
import { describe, expect, it } from 'vitest';
import type { ConsumerPacts, Example } from './consumer.ts';

/** The real client for calls to other services, told where they are. */
export function serviceClientAt(
  origins: Readonly<Record<string, string>>,
  service = 'anybody',
  secret?: string,
): ServiceClient {
  const instances = Object.entries(origins).map(([peer, origin]) => {
    const { hostname: address, port } = new URL(origin);
    return { id: peer, service: peer, address, port: Number(port), version: '1' };
  });
  return new ServiceClient(service, secret, new FixedRegistry(instances), new ManualClock());
}

/** Gives everybody the token that a pact shows for a service: for clients that ask identity for one first. */
export async function withTokenServer<T>(work: (origin: string) => Promise<T>): Promise<T> {
  const office = createServer((_, answer) =>
    answer.end(JSON.stringify({ accessToken: 'service', expiresInSeconds: 600 })),
  ).listen(0, '127.0.0.1');
  await once(office, 'listening');
  try {
    return await work(`http://127.0.0.1:${(office.address() as AddressInfo).port}`);
  } finally {
    office.closeAllConnections();
    office.close();
  }
}

/** The real consumer of a service in memory: envelope, inbox, dead letters and the given handlers. */
export function consumerOf(
  service: string,
  units: MemoryUnitOfWorkRunner,
  ...controllers: readonly object[]
): (record: IncomingRecord) => Promise<void> {
  const log = makeLog(service, service, 'silent');
  const consumer = new MessageConsumer(
    service,
    units,
    handlersOf(...controllers),
    new ManualClock(),
    log,
  );
  return async (record) => {
    await consumer.handle([record]);
    const letters = await units.run((uow) => uow.find(DeadLetter, {}, 10));
    if (letters.length > 0)
      throw new Error(`${service} cannot handle this: ${letters.map(({ reason }) => reason)}`);
  };
}

export const unitsFor = (service: string) =>
  new MemoryUnitOfWorkRunner({ service, clock: new ManualClock(), ids: new CountingIds() });

/**
 * What every service expects of identity: the keys that check tokens, and to hear which sessions have ended.
 * @param examples identity's own
 */
export function describeIdentityPacts(
  pacts: ConsumerPacts,
  examples: { readonly keySet: Example; readonly sessionEnded: Example },
): void {
  const { keySet, sessionEnded } = examples;
  describe(`${pacts.consumer}, of identity,`, () => {
    it('requests the keys that check tokens', async () => {
      const expectation = {
        description: 'the public keys',
        request: { method: 'GET', path: '/.well-known/jwks.json' },
        response: { status: 200, reads: JwksKeySource.responseSchema, of: keySet },
      } as const;
      const keys = await pacts.request('identity', expectation, (origin) =>
        new JwksKeySource(serviceClientAt({ identity: origin })).keys(),
      );
      expect(keys).toHaveLength(1);
    });

    it('consumes which session has ended', async () => {
      const { sid } = sessionEnded.value as { sid: string };
      const ended = new RevokedSessions(new ManualClock());
      const expectation = {
        given: ['a session has ended', { sid }],
        message: SessionEndedMessage,
        of: sessionEnded,
        subject: sid,
      } as const;
      const receive = consumerOf(
        pacts.consumer,
        unitsFor(pacts.consumer),
        new OnSessionEnded(ended),
      );
      await pacts.message('identity', expectation, receive);
      expect(ended.has(sid)).toBe(true);
    });
  });
}
