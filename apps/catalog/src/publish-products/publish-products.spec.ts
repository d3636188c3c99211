import 'reflect-metadata';
import { topics } from '@fieldguide/contracts/topics';
import { expect, it } from 'vitest';
import { catalog } from '../catalog.definition.ts';

it('can publish the current state again for each compacted topic', () => {
  const compacted = topics.filter(
    ({ producer, settings }) => producer === 'catalog' && settings['cleanup.policy'] === 'compact',
  );
  expect(Object.keys(catalog.database?.currentState ?? {})).toEqual(
    compacted.map(({ name }) => name),
  );
});
