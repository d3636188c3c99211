import 'reflect-metadata';
import { instancesOf } from '@fieldguide/config';
import { Retention } from '@fieldguide/database';
import { compileForTest } from '@fieldguide/service/testing';
import { BackgroundWorker, Task } from '@fieldguide/workers';
import { ModulesContainer } from '@nestjs/core';
import { expect, it } from 'vitest';
import { OrderingModule } from './ordering.module.ts';

it('registers its workers, tasks and retention periods, and connects nothing', async () => {
  const app = await compileForTest(OrderingModule);
  const modules = app.get(ModulesContainer);
  const names = instancesOf(modules, BackgroundWorker).map((each) => each.constructor.name);
  expect(names.toSorted()).toEqual([
    'CheckoutWatch',
    'EraseCustomers',
    'EventRelay',
    'ExpireDeadlines',
    'MessageWatch',
    'OutboxRelay',
    'PriceFreshness',
    'ProjectionWorker',
    'ProjectionWorker',
    'Pruning',
    'SampleBacklog',
  ]);
  const tasks = instancesOf(modules, Task).map(({ name }) => name);
  expect(tasks.toSorted()).toEqual(['migrate', 'rebuild', 'seed']);
  const tables = instancesOf(modules, Retention).map(({ table }) => table);
  expect(tables.toSorted()).toEqual(['dead_letters', 'delivery_addresses', 'inbox']);
});
