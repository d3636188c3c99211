// A breaking change, stopped before it is deployed, and then done without a break. It plays in a copy of the sources.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { matrixTable } from '@fieldguide/platform-cli/screen/contract-tables';
import { withPostgres } from '@fieldguide/tools/contracts/postgres';
import { type Edit, select } from '../../frame/edit.ts';
import { PRODUCTION, Production } from './production.ts';
import { Workshop } from './workshop.ts';

const product = select('apps/catalog/src/product/product.entity.ts', 'Product.toPublic');
const schema = select('contracts/catalog/index.ts', 'Product');
const example = select('contracts/catalog/examples.ts', 'product');
const reads = select('apps/storefront/src/api/reads.ts', 'Detail');

const rename = [product.property('description').rename('details')];
const expand = [
  product.property('details').add('description', (value) => value),
  schema.property('description').add('details', 'z.string()'),
  example.property('id').add('details', "'Hangs between two trees.'"),
];
const move = [reads.property('description').rename('details')];
const contract = [
  product.property('description').remove(),
  schema.property('description').remove(),
];

/** A step of the demo ended otherwise than announced. */
class UnexpectedResult extends Error {}

/** Plays the demo. @param step wait for Enter after each step @returns whether each step went as expected */
export async function playDemo(step: boolean): Promise<boolean> {
  const startMs = performance.now();
  print(`
A shop shows products of a catalog: two teams, two deployments. The fields that the shop reads of the catalog's
responses are its ${styleText('bold', 'pact')}. The catalog's tests verify the real catalog against that pact.
The demo runs in a copy of the sources and does not change yours.`);
  try {
    await withPostgres(async (url) => {
      const workshop = new Workshop(url);
      try {
        await new Demo(workshop, step).play();
      } finally {
        workshop.close();
      }
    });
  } catch (error) {
    if (!(error instanceof UnexpectedResult)) throw error;
    print(styleText('red', `\n✗ ${error.message}`));
    return false;
  }
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  print(`\nThe copy and its record are deleted. ${seconds} s.`);
  print(
    'Next: docs/tutorials/your-first-pact.md, and npm run lab:contract-changes for 39 more changes.',
  );
  return true;
}

class Demo {
  readonly #workshop: Workshop;
  readonly #production: Production;
  readonly #waits: boolean;
  #step = 0;

  constructor(workshop: Workshop, waits: boolean) {
    this.#workshop = workshop;
    this.#waits = waits;
    this.#production = new Production(join(workshop.folder, 'record.jsonl'));
  }

  async play(): Promise<void> {
    await this.#scene(
      'Start: every pact is verified',
      `
The present version of the catalog is verified against the pacts of its consumers.`,
    );
    await this.#production.create();
    await this.#publishConsumer('shop', '1');
    await this.#publishConsumer('ordering', '1');
    await this.#verified('1', []);
    for (const each of ['catalog', 'ordering', 'shop']) await this.#deployed(each, '1');

    await this.#scene(
      'A developer of the catalog renames a field',
      `
"description" becomes "details". All tests of the catalog pass: no code there shows products.`,
    );
    this.#edit(rename);

    await this.#scene(
      'The contract tests are red',
      `
The catalog is verified again. Pacts are committed: a rename in the provider cannot rewrite them.`,
    );
    await this.#verified('2', ['shop']);

    await this.#scene(
      'Can it be deployed?',
      `
The result for version 2 is published. Then can-i-deploy reads the record.`,
    );
    await this.#mayDeploy('catalog', '2', false);
    print(
      `  The result names the shop. ordering also reads products, but no description, and does not block.`,
    );

    await this.#scene(
      'Without a break, first: expand',
      `
The catalog sends both the old field and the new one. No consumer has to change yet.`,
    );
    this.#edit(expand);
    await this.#verified('3', []);
    await this.#mayDeploy('catalog', '3', true);
    await this.#deployed('catalog', '3');

    await this.#scene(
      'Then: the consumer moves',
      `
The shop reads the new field. Its pact changes with the fields that it picks.`,
    );
    this.#edit(move);
    const pacts = await this.#workshop.updatePacts('shop');
    if (!pacts.ok) throw new UnexpectedResult(pacts.output);
    await this.#publishConsumer('shop', '2');
    await this.#mayDeploy('shop', '2', false, 'catalog 3 is not verified against it yet');
    await this.#verified('3', []);
    await this.#mayDeploy('shop', '2', true);
    await this.#deployed('shop', '2');

    await this.#scene(
      'Last: contract',
      `
No deployed consumer reads the old field any more. The record allows its removal.`,
    );
    this.#edit(contract);
    await this.#verified('4', []);
    await this.#mayDeploy('catalog', '4', true);
    await this.#deployed('catalog', '4');
    print(
      `\nThe field is renamed. No version was ever broken, and no two services had to be deployed together.`,
    );
  }

  async #scene(title: string, text: string): Promise<void> {
    if (this.#waits && this.#step > 0) await enter();
    this.#step += 1;
    print(`\n${styleText('bold', `${this.#step}. ${title}`)}${text}`);
  }

  #edit(edits: readonly Edit[]): void {
    for (const { file, before, after } of this.#workshop.edit(edits)) {
      print(`  ${styleText('dim', file)}`);
      for (const line of changedLines(before, after)) print(`    ${line}`);
    }
  }

  /** Verifies the catalog, prints the results and publishes them. @param broken expected failing consumers */
  async #verified(version: string, broken: readonly string[]): Promise<void> {
    print(styleText('dim', '  verifying the real catalog, on a real PostgreSQL …'));
    const { results, output } = await this.#workshop.verify(['catalog']);
    if (results.length === 0) throw new UnexpectedResult(output);
    for (const { consumer, ok, interactions, findings } of results) {
      print(
        `  ${ok ? styleText('green', '✓') : styleText('red', '✗')} ${consumer.padEnd(9)} ${interactions} expectations`,
      );
      for (const finding of findings) print(styleText('red', `      ${finding}`));
    }
    const failed = results.filter(({ ok }) => !ok).map(({ consumer }) => consumer);
    if (failed.join() !== broken.join())
      throw new UnexpectedResult(
        `Expected to fail: ${broken.join() || 'none'}; failed: ${failed.join() || 'none'}`,
      );
    await this.#production.publishProvider('catalog', version, results);
  }

  async #publishConsumer(consumer: string, version: string): Promise<void> {
    const file = join(this.#workshop.folder, 'contracts/pacts', `${consumer}-catalog.json`);
    const pact = { file, text: readFileSync(file, 'utf8') };
    await this.#production.publishConsumer(consumer, version, 'catalog', pact);
  }

  async #mayDeploy(
    pacticipant: string,
    version: string,
    expected: boolean,
    why = '',
  ): Promise<void> {
    print(
      styleText(
        'cyan',
        `  $ fieldguide contracts can-i-deploy --pacticipant ${pacticipant} --version ${version} --to-environment ${PRODUCTION}`,
      ),
    );
    const result = await this.#production.mayDeploy(pacticipant, version);
    for (const line of matrixTable(result.rows).split('\n')) print(`    ${line}`);
    print(
      `    ${result.deployable ? styleText('green', 'Yes.') : styleText('red', 'No.')} ${result.reasons.join('\n    ')}`,
    );
    if (why) print(`    (${why})`);
    if (result.deployable !== expected)
      throw new UnexpectedResult(
        `Expected ${expected ? 'yes' : 'no'} for ${pacticipant} ${version}`,
      );
  }

  async #deployed(pacticipant: string, version: string): Promise<void> {
    await this.#production.deploy(pacticipant, version);
    print(`  ${pacticipant} ${version} is deployed.`);
  }
}

/** The lines that differ, as a diff would show them. */
function changedLines(from: string, to: string): string[] {
  const [old, fresh] = [from.split('\n'), to.split('\n')];
  return [
    ...old
      .filter((line) => !fresh.includes(line))
      .map((line) => styleText('red', `- ${line.trim()}`)),
    ...fresh
      .filter((line) => !old.includes(line))
      .map((line) => styleText('green', `+ ${line.trim()}`)),
  ];
}

function print(text: string): void {
  console.log(text);
}

async function enter(): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  await terminal.question(styleText('dim', '\n  Enter continues, Ctrl-C ends …'));
  terminal.close();
}
