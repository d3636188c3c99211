import { select } from '../frame/edit.ts';
import { ok, red, type SourceLab } from '../frame/lab.ts';
import { Candidate, deployFirst } from './deployments.ts';

const [OLD, NEW] = ['description', 'details'];
const sent = select('apps/catalog/src/product/product.entity.ts', 'Product.toPublic');
const schema = select('contracts/catalog/index.ts', 'Product');
const example = select('contracts/catalog/examples.ts', 'product');
const readsNew = [
  select('apps/storefront/src/api/reads.ts', 'Detail').property(OLD).rename(NEW),
  select('apps/storefront/src/products/product-page.tsx').access(OLD).rename(NEW),
];
const promisesBoth = schema.property(NEW).add(OLD, 'z.string()');
const sendsBoth = [sent.property(NEW).add(OLD, `this.${OLD}`), promisesBoth];
const dropsOld = [sent.property(OLD).remove(), schema.property(OLD).remove()];

/** Of the last run of the checks. */
let candidate: Candidate;
const LINES = 6;
const errorIn = (output: string) =>
  output
    .split('\n')
    .filter((line) => /error|✗|unrecognized/i.test(line))
    .slice(0, LINES)
    .join(' ')
    .trim() || output.trim().split('\n').slice(-LINES).join(' ');

interface Pact {
  readonly interactions: readonly { response?: { body?: { content: object } } }[];
}
/** Returns the fields that a consumer reads of responses. */
const fieldsOf = (pact = '{"interactions":[]}') =>
  (JSON.parse(pact) as Pact).interactions.flatMap(({ response }) =>
    Object.keys(response?.body?.content ?? {}),
  );
const shopReadsNew = () => fieldsOf(candidate.shopPact).includes(NEW);

/** What to try when catalog may not be deployed; it depends on the step. */
function beforeCatalog(): string {
  if (shopReadsNew())
    return 'The shop of your copy reads the new name, the deployed one does not, and the two are never deployed at the same moment. Catalog comes first, so it has to serve both.';
  if (candidate.hasDeployed)
    return `The deployed shop still reads ${OLD}. The old field can go only after the shop has moved, and is deployed.`;
  return 'Which change of catalog gives new consumers the new name, and takes nothing from the deployed ones?';
}

/** The lab about a change of a contract. */
export const lab: SourceLab = {
  title: 'Change a contract in steps',
  minutes: 30,
  level: 'advanced',
  patterns: ['expand and contract', 'consumer-driven contracts', 'can-i-deploy'],
  system: false,
  proofSeconds: 105,
  prepare: deployFirst,
  damage: [
    sent.property(OLD).rename(NEW),
    schema.property(OLD).rename(NEW),
    example.property('id').add(NEW, `named.${OLD}`),
  ],
  checks: [
    {
      name: 'catalog may be deployed',
      expected: 'catalog satisfies the pact of each deployed consumer: gateway, ordering, shop',
      look: '.fieldguide/labs/work-deployed/pacts-deployed; apps/catalog/src/product/product.entity.ts',
      run: async (folder) => {
        candidate = await Candidate.test(folder);
        const reasons = await candidate.deployCatalog();
        if (reasons.length === 0) return ok('yes; catalog is deployed');
        if (candidate.verifications > 0) return red(reasons.join(' '), beforeCatalog());
        return red(
          errorIn(candidate.output.catalog),
          'The contract tests of catalog do not run. Its code, its contract and its examples (contracts/catalog) have to fit together.',
        );
      },
    },
    {
      name: 'the shop may be deployed',
      expected: 'the deployed catalog satisfies the pact of the shop in your copy',
      look: 'apps/storefront/src/api/reads.ts; contracts/catalog/index.ts',
      run: async () => {
        const { shopPact, output } = candidate;
        if (!shopPact)
          return red(
            errorIn(output.shop),
            `The contract tests of the shop fail, so it has no pact. A consumer can only pick fields that the contract has: contracts/catalog has to list ${OLD} for as long as a consumer reads it.`,
          );
        const reasons = await candidate.deployShop(shopPact);
        return reasons.length === 0
          ? ok('yes; the shop is deployed')
          : red(
              reasons.join(' '),
              'The shop is ahead: it reads a field that the deployed catalog does not send. A provider sends a new field before any consumer reads it.',
            );
      },
    },
    {
      name: 'the shop reads the new name',
      expected: `the pact of the shop has ${NEW}, and its code compiles`,
      look: 'apps/storefront/src/api/reads.ts, apps/storefront/src/products/product-page.tsx',
      run: async () => {
        if (!shopReadsNew())
          return red(
            `the pact of the shop has ${fieldsOf(candidate.shopPact).includes(OLD) ? OLD : 'neither name'}`,
            `Catalog is ready for the next step: nothing breaks when the shop reads ${NEW} now. The fields that it picks are its pact.`,
          );
        const args = ['node_modules/typescript/bin/tsc', '-p', 'apps/storefront'];
        const compiled = await candidate.workshop.node(args);
        return compiled.ok
          ? ok(`its pact has ${NEW}`)
          : red(errorIn(compiled.output), 'Its pact has the new name, its pages do not yet.');
      },
    },
    {
      name: 'the old name is gone',
      expected: `catalog sends ${NEW} only, and so does its contract`,
      look: 'apps/catalog/src/product/product.entity.ts; contracts/catalog/index.ts',
      run: async () => {
        const script = `import('./contracts/catalog/index.ts').then(({ Product }) => process.exit(Number('${OLD}' in Product.shape)))`;
        const isPromised = !(await candidate.workshop.node(['-e', script])).ok;
        if (!candidate.servesFirstShop && !isPromised) return ok(`no ${OLD} any more`);
        return red(
          `${candidate.servesFirstShop ? 'catalog still sends' : 'the contract still has'} ${OLD}`,
          'No deployed consumer reads the old name. Without the last step each rename leaves a field behind that every later reader has to understand.',
        );
      },
    },
  ],
  red: 'catalog may be deployed',
  hints: [
    `The finding names the consumer and the field. Compare .fieldguide/labs/work-deployed/pacts-deployed/shop-catalog.json, "one product", with Product.toPublic: what does the deployed shop read that catalog does not send?`,
    `Three changes, each with lab check after it. First catalog sends both names: Product.toPublic and the schema Product in contracts/catalog/index.ts. Then the shop reads the new one. What is left over?`,
    `1. toPublic returns ${OLD} and ${NEW}, the schema has both. 2. Detail in apps/storefront/src/api/reads.ts picks ${NEW}, and product-page.tsx shows product.${NEW}. 3. ${OLD} leaves toPublic and the schema.`,
  ],
  steps: [sendsBoth, readsNew],
  solution: dropsOld,
  wrong: [
    {
      name: 'the field is renamed on both sides together',
      edits: readsNew,
      red: 'catalog may be deployed',
      help: 'never deployed at the same moment',
    },
    {
      name: 'the old field goes before the shop has moved',
      steps: [sendsBoth],
      edits: dropsOld,
      red: 'catalog may be deployed',
      help: 'only after the shop has moved',
    },
    {
      name: 'the shop moves first',
      edits: [sent.property(NEW).rename(OLD), promisesBoth, ...readsNew],
      red: 'the shop may be deployed',
      help: 'before any consumer reads it',
    },
  ],
  after: `
A rename is one commit in a repository, and never one moment in production. While instances are replaced, an old shop calls a new catalog, and a rollback brings an old catalog back below a new shop. Expand and contract makes three compatible changes of one incompatible change: the provider adds the new name, each consumer moves, the provider removes the old name.

The pacts show when a step may be taken. A consumer's pact is what it reads, its deployed version has one, and can-i-deploy checks the pairs that would run together. The last step needs that most: the sources show who reads the old name today, the record shows who still runs with it.

Where it bites in production: all tests of a repository are green when one commit changes both sides. The failure lasts as long as the deployment, or until the next rollback, and the page shows "undefined" instead of an error. Clients outside your deployment, such as apps on phones and open browser tabs, read the old name for weeks.

What it costs: three deployments and a time with two names, in which a writer has to keep them equal. The last step is the one that is forgotten: plan it with the first, and measure who still reads the old field.

When not to use it: inside one deployable unit, where a rename is a refactoring. For a published event old records do not change: keep the old type readable (an upcaster, or a second version) until its retention has passed.
`,
};
