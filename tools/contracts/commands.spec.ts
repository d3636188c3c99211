import { topics as topicsOf } from '@fieldguide/platform-model/derive';
import { system } from '@fieldguide/system';
import { describe, expect, it } from 'vitest';
import { realEdges } from './edges.ts';

interface Message {
  readonly topic: string;
  readonly type: string;
  readonly kind?: 'command';
}
const topics = topicsOf(system);
const messages = Object.entries(system.apps).flatMap(([provider, { contract = {} }]) =>
  Object.values(contract)
    .filter((each): each is Message => typeof each === 'object' && each !== null && 'topic' in each)
    .map(({ topic, type, kind }) => ({ provider, topic, type, kind })),
);

describe('a topic of commands', () => {
  const commands = messages.filter(({ kind }) => kind === 'command');

  it('is consumed by the service that accepts them, and by no other', () => {
    const edges = [...realEdges()].map((edge) => edge.split(' '));
    const consumersOf = (topic: string) => [
      ...new Set(
        edges.filter(([, , , what]) => what?.startsWith(`${topic}/`)).map(([consumer]) => consumer),
      ),
    ];
    expect(commands.length > 0).toBe(topics.some(({ kind }) => kind === 'commands'));
    for (const { topic, provider } of commands) expect(consumersOf(topic)).toEqual([provider]);
  });

  it('carries only commands: its consumer parks unknown types instead of skipping them', () => {
    const ofCommands = new Set(commands.map(({ topic }) => topic));
    const onThem = messages.filter(({ topic }) => ofCommands.has(topic));
    expect(onThem.filter(({ kind }) => kind !== 'command')).toEqual([]);
    expect([...ofCommands].toSorted()).toEqual(
      topics
        .filter(({ kind }) => kind === 'commands')
        .map(({ name }) => name)
        .toSorted(),
    );
  });
});
