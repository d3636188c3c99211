import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RevokedSessions } from '@fieldguide/auth';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { FixedRegistry } from '@fieldguide/discovery';
import { DeadLetter, type IncomingRecord, MessageConsumer } from '@fieldguide/messaging/parts';
import { handlersOf } from '@fieldguide/messaging/testing';
import { ServiceClient } from '@fieldguide/service';
import { JwksKeySource, OnSessionEnded, SessionEndedMessage } from '@fieldguide/service/testing';
import { makeLog } from '@fieldguide/telemetry';
import { describe, expect, it } from 'vitest';
import type { ConsumerPacts, Example } from './consumer.ts';

/** The real client for calls to other services, with fixed origins. */
export function serviceClientAt(
  origins: Readonly<Record<string, string>>,
  service = 'any-service',
  secret?: string,
): ServiceClient {
  const instances = Object.entries(origins).map(([peer, origin]) => {
    const { hostname: address, port } = new URL(origin);
    return { id: peer, service: peer, address, port: Number(port), version: '1' };
  });
  return new ServiceClient(service, secret, new FixedRegistry(instances), new ManualClock());
}

/** Serves the service token of a pact to every caller, for clients that first request one from identity. */
export async function withTokenServer<T>(work: (origin: string) => Promise<T>): Promise<T> {
  const server = createServer((_, response) =>
    response.end(JSON.stringify({ accessToken: 'service', expiresInSeconds: 600 })),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The real consumer of a service, in memory: envelope, inbox, dead letters and the given handlers. */
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
 * The expectations of every service of identity: its public keys, and the message that a session has ended.
 * @param examples examples of identity
 */
export function describeIdentityPacts(
  pacts: ConsumerPacts,
  examples: { readonly keySet: Example; readonly sessionEnded: Example },
): void {
  const { keySet, sessionEnded } = examples;
  describe(`${pacts.consumer}, as a consumer of identity,`, () => {
    it('requests the public keys that verify tokens', async () => {
      const expectation = {
        description: 'the public keys',
        request: { method: 'GET', path: '/.well-known/jwks.json' },
        response: { status: 200, reads: JwksKeySource.responseSchema, of: keySet },
      } as const;
      const keys = await pacts.request('identity', expectation, (origin) =>
        new JwksKeySource(serviceClientAt({ identity: origin }), {
          TOKEN_KEY_THUMBPRINTS: 'any-key',
        } as never).keys(),
      );
      expect(keys).toHaveLength(1);
    });

    it('consumes the end of a session', async () => {
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
