import type { Edit, Workshop } from './workshop.ts';

/** A guard of the contract tests is taken away; a test, by its name, has to say so. */
export interface Guard {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly run: (workshop: Workshop) => Promise<{ ok: boolean; output: string }>;
  readonly says: RegExp;
}

const edit = (file: string, from: string, to: string): Edit => ({ file, from, to });
const catalogStates = 'apps/catalog/pact/provider.spec.ts';
const sells = "'a product is sold': { set: sell, holds: isSold }";
const ask = (provider: string) => (workshop: Workshop) =>
  workshop.run('providers', [`apps/${provider}/pact`]);
const lookAtEdges = (workshop: Workshop) => workshop.run('unit', ['tools/contracts/edges.spec.ts']);

export const guards: readonly Guard[] = [
  {
    name: 'a filter skips authentication',
    edits: [
      edit(
        'libs/auth/src/auth.guard.ts',
        "    if (context.getType() !== 'http') return true;",
        '    if (context) return true;',
      ),
    ],
    run: ask('ordering'),
    says: /× answers shop as promised[\s\S]*shop asks for "an order of nobody"/,
  },
  {
    name: 'a state handler does nothing',
    edits: [
      edit(
        catalogStates,
        sells,
        "'a product is sold': { set: async () => undefined, holds: isSold }",
      ),
    ],
    run: ask('catalog'),
    says: /× answers ordering as promised[\s\S]*"a product is sold" of catalog: it does not hold/,
  },
  {
    name: 'a state handler throws',
    edits: [
      edit(
        catalogStates,
        sells,
        "'a product is sold': { set: () => Promise.reject(new Error('no such table')), holds: isSold }",
      ),
    ],
    run: ask('catalog'),
    says: /× answers ordering as promised[\s\S]*"a product is sold" of catalog: no such table/,
  },
  {
    name: 'a state that is always so',
    edits: [
      edit(catalogStates, sells, "'a product is sold': { set: sell, holds: async () => true }"),
    ],
    run: ask('catalog'),
    says: /× answers ordering as promised[\s\S]*it holds before anything was done/,
  },
  {
    name: 'an edge without a pact',
    edits: [
      edit(
        'apps/gateway/src/routes.ts',
        "  anyone('GET /products', 'catalog'",
        "  anyone('GET /gift-cards', 'catalog', 200, 'Gift cards'),\n  anyone('GET /products', 'catalog'",
      ),
    ],
    run: lookAtEdges,
    says: /× no route, client or subscription is without one[\s\S]*shop asks catalog \/gift-cards/,
  },
  {
    name: 'a pact without an edge',
    edits: [
      edit(
        'apps/inventory/src/when-order-completed/when-order-completed.ts',
        '  @On(Completed)\n',
        '',
      ),
    ],
    run: lookAtEdges,
    says: /× no pact is about something that nobody does[\s\S]*OrderCompleted/,
  },
  {
    name: 'a rename that takes the consumers along, unsaid',
    edits: [
      edit('contracts/inventory/index.ts', 'freeUnits: z.int()', 'availableUnits: z.int()'),
      edit('contracts/inventory/examples.ts', 'freeUnits: 10', 'availableUnits: 10'),
      edit('contracts/shop/index.ts', 'freeUnits: true', 'availableUnits: true'),
      edit('contracts/shop/pact/consumer.spec.ts', 'freeUnits: 10', 'availableUnits: 10'),
      edit(
        'apps/inventory/src/stock/stock.controller.ts',
        'freeUnits: stock.freeUnits',
        'availableUnits: stock.freeUnits',
      ),
    ],
    run: (workshop) => workshop.node(['tools/contracts/test-pact.ts']),
    says: /differs from contracts\/pacts:\s+shop-inventory\.json/,
  },
  {
    name: 'pacts rewritten in CI',
    edits: [],
    run: (workshop) => workshop.node(['tools/contracts/test-pact.ts', '--update'], { CI: 'true' }),
    says: /Pacts are not rewritten in CI/,
  },
];
