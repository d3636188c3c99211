import { describe, expect, it } from 'vitest';
import { Boundaries, cyclesOf } from './boundaries.ts';
import { importsOf } from './imports.ts';
import { declaredByRoot, type Package, readPackages } from './packages.ts';

const boundaries = new Boundaries(everyTypeOfPackage(), ['vitest']);
const check = (file: string, specifier: string, isType = false) =>
  boundaries.violationOf(file, { specifier, isType });

describe('a boundary', () => {
  it.each([
    ['contracts/ordering/index.ts', '@fieldguide/clock', 'must not import one of type lib'],
    ['contracts/ordering/index.ts', '@nestjs/common', 'zod only'],
    ['contracts/ordering/index.ts', '@fieldguide/contract-testing', 'type lib'],
    ['apps/storefront/src/x.ts', '@fieldguide/ordering', 'type app'],
    ['apps/storefront/src/x.ts', '@fieldguide/contract-testing', 'type lib'],
    ['apps/storefront/pact/consumer.spec.ts', '@fieldguide/database', 'type lib'],
    ['libs/clock/src/x.ts', '@fieldguide/ordering', 'must not import one of type app'],
    ['libs/messaging/src/x.ts', '@fieldguide/contracts/ordering', 'type contracts'],
    ['libs/messaging/src/x.ts', '@fieldguide/event-store', 'earlier groups'],
    ['libs/database/src/x.ts', '@fieldguide/messaging', 'earlier groups'],
    ['libs/clock/src/x.ts', '@fieldguide/platform-host/state', 'type platform'],
    ['apps/ordering/src/x.ts', '@fieldguide/payments', 'must not import one of type app'],
    ['apps/ordering/src/x.ts', '@fieldguide/platform-host/state', 'type platform'],
    ['apps/ordering/src/x.ts', '@fieldguide/system', 'type system'],
    ['apps/ordering/src/x.ts', '../../payments/src/payment.ts', 'by its name'],
    ['platform/host/src/x.ts', '@fieldguide/platform-controller/status', 'earlier groups'],
    ['platform/model/src/x.ts', '@fieldguide/platform-host/state', 'earlier groups'],
    ['platform/cli/src/x.ts', '@fieldguide/ordering', 'type app'],
    ['platform/cli/src/x.ts', '@fieldguide/database', 'type lib'],
    ['platform/cli/src/x.ts', '@fieldguide/contracts/topics', 'type contracts'],
    ['platform/cli/src/x.ts', '@fieldguide/system', 'type system'],
    ['system/system.ts', '@fieldguide/platform-host/state', 'the model of the platform only'],
    ['system/commands/x.ts', '@fieldguide/platform-cli/cli', 'the model of the platform only'],
    ['system/system.ts', '@fieldguide/database', 'type lib'],
    ['system/system.ts', '@fieldguide/ordering', 'type app'],
    ['e2e/journey.spec.ts', '@fieldguide/ordering', 'type app'],
    ['bench/run.ts', '@fieldguide/ordering', 'type app'],
    ['tools/check.ts', '@fieldguide/ordering', 'type app'],
    ['tools/check.ts', '../libs/clock/src/index.ts', 'by its name'],
    ['labs/lesson/src/main.ts', '@fieldguide/ordering', 'type app'],
    ['simulation/run.ts', '@fieldguide/platform-host', 'type platform'],
    ['apps/ordering/src/x.ts', 'kafkajs', 'declare kafkajs in apps/ordering/package.json'],
    ['apps/payments/src/x.ts', '@fieldguide/clock', 'declare @fieldguide/clock'],
    ['apps/ordering/src/order/order.model.ts', 'zod', 'values from models'],
    ['apps/payments/src/payment/payment.model.ts', 'node:fs', 'values from models'],
    ['apps/ordering/src/order/order.model.ts', './order.events.ts', 'values from models'],
    ['apps/ordering/src/order/order.errors.ts', 'zod', 'values from models'],
  ])('is crossed when %s imports %s', (file, specifier, rule) =>
    expect(check(file, specifier)).toContain(rule),
  );

  it.each([
    ['apps/ordering/src/x.ts', '@fieldguide/contracts/payments'],
    ['apps/ordering/src/x.ts', '@fieldguide/clock'],
    ['apps/ordering/src/x.ts', 'node:fs'],
    ['apps/ordering/src/x.spec.ts', 'vitest'],
    ['apps/ordering/src/place-order/x.ts', '../order/order.ts'],
    ['apps/ordering/src/order/order.model.ts', '../checkout/checkout.model.ts'],
    ['apps/ordering/src/order/order.model.ts', './order.errors.ts'],
    ['apps/ordering/src/order/order.model.ts', '@fieldguide/problems'],
    ['apps/ordering/src/order/order.errors.ts', '@fieldguide/problems/domain-error'],
    ['libs/messaging/src/x.ts', '@fieldguide/database'],
    ['contracts/ordering/index.ts', '../money.ts'],
    ['contracts/ordering/index.ts', 'zod'],
    ['apps/storefront/src/x.ts', '@fieldguide/contracts/ordering'],
    ['apps/storefront/pact/consumer.spec.ts', '@fieldguide/contract-testing'],
    ['e2e/x.spec.ts', '@fieldguide/storefront/api/storefront-client'],
    ['platform/cli/src/x.ts', '@fieldguide/platform-model/system'],
    ['system/system.ts', '@fieldguide/platform-model/system'],
    ['system/system.ts', '@fieldguide/contracts/ordering'],
    ['system/demo/demo.ts', '@fieldguide/platform-cli/client'],
    ['e2e/journey.spec.ts', '@fieldguide/platform-cli/status'],
    ['simulation/run.ts', '@fieldguide/ordering'],
    ['e2e/x.spec.ts', '@fieldguide/simulation/order-log'],
    ['e2e/journey.spec.ts', '@fieldguide/tools/source-copy'],
    ['bench/run.ts', '@fieldguide/tools/source-copy'],
    ['labs/lesson/src/main.ts', '@fieldguide/tools/source-copy'],
  ])('lets %s import %s', (file, specifier) => expect(check(file, specifier)).toBeUndefined());

  it('lets a model import types from anywhere', () =>
    expect(check('apps/ordering/src/order/order.model.ts', 'zod', true)).toBeUndefined());
  it('holds for types between packages', () =>
    expect(check('libs/clock/src/x.ts', '@fieldguide/ordering', true)).toContain('type app'));
});

describe('the imports of a file', () => {
  it.each([
    ["import { a } from 'x';", false],
    ["import 'x';", false],
    ["import { type A } from 'x';", false],
    ["import type { A } from 'x';", true],
    ["type A = import('x').A;", true],
    ["export * from 'x';", false],
    ["export { a } from 'x';", false],
    ["export type { A } from 'x';", true],
    ["const a = await import('x');", false],
    ["const a = require('x');", false],
    ["import a = require('x');", false],
  ])('include that of `%s`', (source, isType) =>
    expect(importsOf('a.ts', source)).toEqual([{ specifier: 'x', isType }]),
  );
  it.each(["// import 'x';", 'const text = "import \'x\'";'])('do not include `%s`', (source) =>
    expect(importsOf('a.ts', source)).toEqual([]),
  );
  it('are an error when the file does not parse', () =>
    expect(() => importsOf('a.ts', 'import {')).toThrow('a.ts does not parse'));
});

describe('a cycle between packages', () => {
  const edges = (graph: Record<string, string[]>) =>
    new Map(Object.entries(graph).map(([from, to]) => [from, new Set(to)]));
  it('is found between two packages', () =>
    expect(cyclesOf(edges({ a: ['b'], b: ['a'], c: ['a'] }))).toEqual(['a ⇄ b']));
  it('is found over three packages', () =>
    expect(cyclesOf(edges({ a: ['b'], b: ['c'], c: ['a'] }))).toEqual(['a ⇄ b', 'a ⇄ c', 'b ⇄ c']));
  it('is not found in an acyclic graph', () =>
    expect(cyclesOf(edges({ a: ['b', 'c'], b: ['c'], c: [] }))).toEqual([]));
});

describe('the packages of this workspace', () => {
  const packages = readPackages('.');
  it('have the tags that the rules read', () => {
    const grouped = packages.filter(({ type }) => type === 'lib' || type === 'platform');
    expect(grouped.filter(({ group }) => !(group > 0))).toEqual([]);
    expect(packages.length).toBeGreaterThan(20);
  });
  it('share the dependencies that the root declares', () =>
    expect(declaredByRoot('.')).toContain('vitest'));
});

function everyTypeOfPackage(): Package[] {
  const own = ['clock', 'database', 'messaging', 'event-store', 'ordering', 'payments', 'contracts']
    .concat('platform-model', 'platform-host', 'platform-controller', 'platform-cli', 'system')
    .concat('problems', 'contract-testing', 'tools', 'simulation', 'storefront')
    .map((name) => `@fieldguide/${name}`);
  const one = (name: string, folder: string, type: string, group = 0, declared = [...own, 'zod']) =>
    ({ name: `@fieldguide/${name}`, folder, type, group, declared }) satisfies Package;
  return [
    one('clock', 'libs/clock', 'lib', 1),
    one('problems', 'libs/problems', 'lib', 1),
    one('database', 'libs/database', 'lib', 2),
    one('messaging', 'libs/messaging', 'lib', 3),
    one('event-store', 'libs/event-store', 'lib', 3),
    one('contract-testing', 'libs/contract-testing', 'lib', 6),
    one('ordering', 'apps/ordering', 'app'),
    one('payments', 'apps/payments', 'app', 0, []),
    one('storefront', 'apps/storefront', 'web'),
    one('contracts', 'contracts', 'contracts'),
    one('platform-model', 'platform/model', 'platform', 1),
    one('platform-host', 'platform/host', 'platform', 2),
    one('platform-controller', 'platform/controller', 'platform', 4),
    one('platform-cli', 'platform/cli', 'platform', 5),
    one('system', 'system', 'system'),
    one('e2e', 'e2e', 'e2e'),
    one('bench', 'bench', 'bench'),
    one('tools', 'tools', 'tools'),
    one('lesson', 'labs/lesson', 'labs'),
    one('simulation', 'simulation', 'simulation'),
  ];
}
