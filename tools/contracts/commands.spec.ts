import * as catalog from '@fieldguide/contracts/catalog';
import * as identity from '@fieldguide/contracts/identity';
import * as inventory from '@fieldguide/contracts/inventory';
import * as ordering from '@fieldguide/contracts/ordering';
import * as payments from '@fieldguide/contracts/payments';
import * as shipping from '@fieldguide/contracts/shipping';
import { topics } from '@fieldguide/contracts/topics';
import { describe, expect, it } from 'vitest';

interface Message {
  readonly topic: string;
  readonly type: string;
  readonly kind?: 'command';
}
const providers = { catalog, identity, inventory, ordering, payments, shipping };
const messages = Object.entries(providers).flatMap(([provider, exported]) =>
  Object.values(exported)
    .filter((each): each is typeof each & Message => typeof each === 'object' && 'topic' in each)
    .map(({ topic, type, kind }: Message) => ({ provider, topic, type, kind })),
);

describe('a topic of commands', () => {
  const commands = messages.filter(({ kind }) => kind === 'command');

  it('is consumed by the service that accepts them, and by no other', () => {
    const consumersOf = (topic: string) => topics.find(({ name }) => name === topic)?.consumers;
    expect(commands.map(({ type }) => type)).toContain('CapturePayment');
    for (const { topic, provider } of commands) expect(consumersOf(topic)).toEqual([provider]);
  });

  it('carries nothing else: what its consumer does not know is parked, not skipped', () => {
    const ofCommands = new Set(commands.map(({ topic }) => topic));
    const onThem = messages.filter(({ topic }) => ofCommands.has(topic));
    expect(onThem.filter(({ kind }) => kind !== 'command')).toEqual([]);
    expect([...ofCommands].toSorted()).toEqual(
      topics.map(({ name }) => name).filter((name) => name.includes('.requests.')),
    );
  });
});
