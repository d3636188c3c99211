import 'reflect-metadata';
import { ProductTopic } from '@fieldguide/contracts/catalog';
import { expect, it } from 'vitest';
import { CurrentProducts } from './publish-products.ts';

it('can publish the current state again for each compacted topic', () => {
  const compacted = [ProductTopic].filter(({ retention }) => retention === 'compact');
  expect(Object.keys(new CurrentProducts().current)).toEqual(compacted.map(({ name }) => name));
});
