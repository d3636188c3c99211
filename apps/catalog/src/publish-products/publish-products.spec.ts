import 'reflect-metadata';
import { ProductTopic } from '@fieldguide/contracts/catalog';
import { expect, it } from 'vitest';
import { catalog } from '../catalog.definition.ts';

it('can publish the current state again for each compacted topic', () => {
  const compacted = [ProductTopic].filter(({ retention }) => retention === 'compact');
  expect(Object.keys(catalog.database?.currentState ?? {})).toEqual(
    compacted.map(({ name }) => name),
  );
});
