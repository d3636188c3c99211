import { type Edit, select } from '../../frame/edit.ts';
import type { Workshop } from './workshop.ts';

/** A guard of the contract tests that is removed; a test must fail for it. */
export interface Guard {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly run: (workshop: Workshop) => Promise<{ ok: boolean; output: string }>;
  /** Matches the output of the test that must fail. */
  readonly caughtBy: RegExp;
}

const sells = select('apps/catalog/pact/provider.spec.ts').property('a product is sold');
const verify = (provider: string) => (workshop: Workshop) =>
  workshop.run('providers', [`apps/${provider}/pact`]);
const testEdges = (workshop: Workshop) => workshop.run('unit', ['tools/contracts/edges.spec.ts']);

export const guards: readonly Guard[] = [
  {
    name: 'a filter skips authentication',
    edits: [select('libs/auth/src/auth.guard.ts', 'AuthGuard.canActivate').begin('return true;')],
    run: verify('ordering'),
    caughtBy: /× .* shop [\s\S]*problems\/authenticationRequired/,
  },
  {
    name: 'a state handler does nothing',
    edits: [sells.property('set').replace('async () => undefined')],
    run: verify('catalog'),
    caughtBy: /× .* ordering [\s\S]*"a product is sold" of catalog: it does not hold/,
  },
  {
    name: 'a state handler throws',
    edits: [sells.property('set').replace("() => Promise.reject(new Error('no such table'))")],
    run: verify('catalog'),
    caughtBy: /× .* ordering [\s\S]*"a product is sold" of catalog: no such table/,
  },
  {
    name: 'a state that always holds',
    edits: [sells.property('holds').replace('async () => true')],
    run: verify('catalog'),
    caughtBy: /× .* ordering [\s\S]*it holds before anything was done/,
  },
  {
    name: 'an edge without a pact',
    edits: [
      select('contracts/gateway/routes.ts', 'routes').prepend(
        "anyone('GET /gift-cards', 'catalog', 200, 'Gift cards', { operationId: 'listGiftCards' })",
      ),
    ],
    run: testEdges,
    caughtBy: /× no route, client or subscription[\s\S]*catalog \/gift-cards/,
  },
  {
    name: 'a pact without an edge',
    edits: [
      select('apps/inventory/src/on-order-completed/on-order-completed.ts')
        .decorator('OnMessage')
        .remove(),
    ],
    run: testEdges,
    caughtBy: /× no pact [\s\S]*OrderCompleted/,
  },
  {
    name: 'a rename of provider and consumers together, without new pacts',
    edits: [
      select('contracts/inventory/index.ts', 'Stock')
        .property('freeUnits')
        .rename('availableUnits'),
      select('contracts/inventory/examples.ts').property('freeUnits').rename('availableUnits'),
      select('apps/storefront/src/api/reads.ts').property('freeUnits').rename('availableUnits'),
      select('apps/storefront/pact/consumer.spec.ts')
        .property('freeUnits')
        .rename('availableUnits'),
      select('apps/inventory/src/stock/stock.controller.ts')
        .property('freeUnits')
        .rename('availableUnits'),
    ],
    run: (workshop) => workshop.node(['tools/contracts/test-pact.ts']),
    caughtBy: /differs from contracts\/pacts:\s+shop-inventory\.json/,
  },
  {
    name: 'pacts rewritten in CI',
    edits: [],
    run: (workshop) => workshop.node(['tools/contracts/test-pact.ts', '--update'], { CI: 'true' }),
    caughtBy: /Pacts are not rewritten in CI/,
  },
];
