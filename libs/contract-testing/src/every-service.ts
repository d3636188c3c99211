import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EndedSessions } from '@fieldguide/auth';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { DeadLetter, MemoryUnitOfWorkRunner } from '@fieldguide/database';
import { FixedRegistry } from '@fieldguide/discovery';
import { type IncomingRecord, MessageConsumer } from '@fieldguide/messaging';
import { handlersOf } from '@fieldguide/messaging/testing';
import { Peers } from '@fieldguide/service';
import { IdentityKeys, SessionHeard, WhenSessionEnded } from '@fieldguide/service/testing';
import { makeLog } from '@fieldguide/telemetry';
import { describe, expect, it } from 'vitest';
import type { ConsumerPacts, Example } from './consumer.ts';

/** The real client for calls to other services, told where they are. */
export function peersAt(
  origins: Readonly<Record<string, string>>,
  service = 'anybody',
  secret?: string,
): Peers {
  const instances = Object.entries(origins).map(([peer, origin]) => {
    const { hostname: address, port } = new URL(origin);
    return { id: peer, service: peer, address, port: Number(port), version: '1' };
  });
  return new Peers(service, secret, new FixedRegistry(instances), new ManualClock());
}

/** Gives everybody the token that a pact shows for a service: for clients that ask identity for one first. */
export async function withTokenOffice<T>(work: (origin: string) => Promise<T>): Promise<T> {
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
export function expectsOfIdentity(
  pacts: ConsumerPacts,
  examples: { readonly keySet: Example; readonly sessionEnded: Example },
): void {
  const { keySet, sessionEnded } = examples;
  describe(`${pacts.consumer}, of identity,`, () => {
    it('asks for the keys that check tokens', async () => {
      const question = {
        asks: 'the public keys',
        request: { method: 'GET', path: '/.well-known/jwks.json' },
        answer: { status: 200, reads: IdentityKeys.answer, of: keySet },
      } as const;
      const keys = await pacts.asks('identity', question, (origin) =>
        new IdentityKeys(peersAt({ identity: origin })).keys(),
      );
      expect(keys).toHaveLength(1);
    });

    it('hears which session has ended', async () => {
      const { sid } = sessionEnded.value as { sid: string };
      const ended = new EndedSessions(new ManualClock());
      const fact = {
        given: ['a session has ended', { sid }],
        hears: SessionHeard,
        of: sessionEnded,
        subject: sid,
      } as const;
      const hear = consumerOf(
        pacts.consumer,
        unitsFor(pacts.consumer),
        new WhenSessionEnded(ended),
      );
      await pacts.hears('identity', fact, hear);
      expect(ended.has(sid)).toBe(true);
    });
  });
}
