// `npm run contracts:demo`: a breaking change, stopped before it gets anywhere, and then done right. It plays in a copy.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { matrixTable } from '@fieldguide/platform-cli/screen/contract-tables';
import { fingerprint } from '@fieldguide/platform-contract-record/builds';
import { FileContracts } from '@fieldguide/platform-contract-record/file-contracts';
import { RecordFile } from '@fieldguide/platform-contract-record/record-file';
import { Command } from 'commander';
import { withPostgres } from '../../../tools/contracts/postgres.ts';
import { type Edit, Workshop } from './workshop.ts';

const PRODUCTION = 'production';
const entity = 'apps/catalog/src/product/product.entity.ts';
const schema = 'contracts/catalog/index.ts';
const example = 'contracts/catalog/examples.ts';
const reads = 'contracts/shop/index.ts';
const edit = (file: string, from: string, to: string): Edit => ({ file, from, to });

const rename = [
  edit(
    entity,
    '      description,\n      category,\n      price',
    '      details: description,\n      category,\n      price',
  ),
];
const expand = [
  edit(entity, '      details: description,', '      description,\n      details: description,'),
  edit(
    schema,
    '  description: z.string(),\n  category',
    '  description: z.string(),\n  details: z.string(),\n  category',
  ),
  edit(
    example,
    '  id: hammock,\n  retired',
    "  id: hammock,\n  details: 'Hangs between two trees.',\n  retired",
  ),
];
const move = [edit(reads, 'description: true', 'details: true')];
const contract = [
  edit(entity, '      description,\n      details', '      details'),
  edit(schema, '  description: z.string(),\n  details', '  details'),
];

const { step } = new Command('npm run contracts:demo --')
  .description(
    'Rename a field: show what breaks, which check stops it, and how to do it without a break',
  )
  .option('--step', 'Wait for Enter after each step')
  .parse()
  .opts<{ step?: true }>();

/** What was told is not what came. */
class Wrong extends Error {}

async function main(): Promise<boolean> {
  const begun = performance.now();
  say(`
A shop shows products; a catalog has them. Two teams, two deployments. The shop's team has written down what it
reads of the catalog's answers: that is its ${styleText('bold', 'pact')}. The catalog's tests ask the real catalog for exactly that.
Everything here plays in a copy of the sources: yours are not touched.`);
  try {
    await withPostgres(async (url) => {
      const workshop = new Workshop(url);
      try {
        await new Demo(workshop).play();
      } finally {
        workshop.close();
      }
    });
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    say(styleText('red', `\n✗ ${error.message}`));
    return false;
  }
  const seconds = Math.round((performance.now() - begun) / 1_000);
  say(`\nThe copy is gone, and so is its record. ${seconds} s.`);
  say(
    'Next: docs/tutorials/your-first-pact.md, and npm run contracts:catalogue for 39 more changes.',
  );
  return true;
}

class Demo {
  readonly #workshop: Workshop;
  readonly #contracts: FileContracts;
  #step = 0;

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
    this.#contracts = new FileContracts(new RecordFile(join(workshop.folder, 'record.jsonl')));
  }

  async play(): Promise<void> {
    await this.#scene(
      'All is well',
      `
The catalog's present version is asked for everything that its consumers expect.`,
    );
    await this.#contracts.createEnvironment(PRODUCTION, true);
    await this.#publishConsumer('shop', '1');
    await this.#publishConsumer('ordering', '1');
    await this.#verified('1', []);
    for (const each of ['catalog', 'ordering', 'shop']) await this.#deployed(each, '1');

    await this.#scene(
      'A developer of the catalog renames a field',
      `
"details" says better what it is than "description". All tests of the catalog are green: nobody there shows products.`,
    );
    this.#edit(rename);

    await this.#scene(
      'The contract tests are red',
      `
The catalog is asked again. What consumers expect is committed: renaming it here cannot rewrite it there.`,
    );
    await this.#verified('2', ['shop']);

    await this.#scene(
      'Can it be deployed?',
      `
The result is published all the same: it is a fact about version 2. Then the record is asked.`,
    );
    await this.#mayDeploy('catalog', '2', false);
    say(
      `  The answer names the shop. ordering also asks the catalog for products, reads no description, and is not in the way.`,
    );

    await this.#scene(
      'Done right, first: expand',
      `
The catalog sends both, the old field and the new one. Nobody has to do anything yet.`,
    );
    this.#edit(expand);
    await this.#verified('3', []);
    await this.#mayDeploy('catalog', '3', true);
    await this.#deployed('catalog', '3');

    await this.#scene(
      'Then: the consumer moves',
      `
The shop reads the new field. Its pact changes with what it picks; whoever has the field keeps it already.`,
    );
    this.#edit(move);
    const agreed = await this.#workshop.agree('shop');
    if (!agreed.ok) throw new Wrong(agreed.output);
    await this.#publishConsumer('shop', '2');
    await this.#mayDeploy('shop', '2', false, 'nobody has asked catalog 3 for it yet');
    await this.#verified('3', []);
    await this.#mayDeploy('shop', '2', true);
    await this.#deployed('shop', '2');

    await this.#scene(
      'Last: contract',
      `
Nobody in production reads the old field any more. So it can go, and the record knows it.`,
    );
    this.#edit(contract);
    await this.#verified('4', []);
    await this.#mayDeploy('catalog', '4', true);
    await this.#deployed('catalog', '4');
    say(
      `\nThe field is renamed. Nobody was ever broken, nobody had to be deployed at the same time as somebody else.`,
    );
  }

  async #scene(title: string, text: string): Promise<void> {
    if (step && this.#step > 0) await enter();
    this.#step += 1;
    say(`\n${styleText('bold', `${this.#step}. ${title}`)}${text}`);
  }

  #edit(edits: readonly Edit[]): void {
    this.#workshop.edit(edits);
    for (const { file, from, to } of edits) {
      say(`  ${styleText('dim', file)}`);
      for (const line of changedLines(from, to)) say(`    ${line}`);
    }
  }

  /** Asks the catalog, shows what comes, and publishes it. @param broken who is expected to be */
  async #verified(version: string, broken: readonly string[]): Promise<void> {
    say(styleText('dim', '  asking the real catalog, on a real PostgreSQL …'));
    const { results, output } = await this.#workshop.verify(['catalog']);
    if (results.length === 0) throw new Wrong(output);
    for (const { consumer, ok, interactions, findings } of results) {
      say(
        `  ${ok ? styleText('green', '✓') : styleText('red', '✗')} ${consumer.padEnd(9)} ${interactions} expectations`,
      );
      for (const finding of findings) say(styleText('red', `      ${finding}`));
    }
    const failed = results.filter(({ ok }) => !ok).map(({ consumer }) => consumer);
    if (failed.join() !== broken.join())
      throw new Wrong(
        `Expected to be broken: ${broken.join() || 'nobody'}; it is ${failed.join() || 'nobody'}`,
      );
    const verified = results.map(({ consumer, ok }) => ({
      consumer,
      pact: this.#pact(consumer, 'catalog'),
      success: ok,
    }));
    await this.#contracts.publish([
      { pacticipant: 'catalog', version, branch: 'main', expects: [], verified },
    ]);
  }

  async #publishConsumer(consumer: string, version: string): Promise<void> {
    const file = this.#file(consumer, 'catalog');
    const expects = [{ provider: 'catalog', pact: this.#pact(consumer, 'catalog'), file }];
    await this.#contracts.publish([
      { pacticipant: consumer, version, branch: 'main', expects, verified: [] },
    ]);
  }

  async #mayDeploy(
    pacticipant: string,
    version: string,
    expected: boolean,
    why = '',
  ): Promise<void> {
    say(
      styleText(
        'cyan',
        `  $ fieldguide contracts can-i-deploy --pacticipant ${pacticipant} --version ${version} --to-environment ${PRODUCTION}`,
      ),
    );
    const answer = await this.#contracts.canIDeploy([{ pacticipant, version }], PRODUCTION);
    for (const line of matrixTable(answer.rows).split('\n')) say(`    ${line}`);
    say(
      `    ${answer.deployable ? styleText('green', 'Yes.') : styleText('red', 'No.')} ${answer.reasons.join('\n    ')}`,
    );
    if (why) say(`    (${why})`);
    if (answer.deployable !== expected)
      throw new Wrong(`Expected ${expected ? 'yes' : 'no'} for ${pacticipant} ${version}`);
  }

  async #deployed(pacticipant: string, version: string): Promise<void> {
    await this.#contracts.place('record-deployment', {
      pacticipant,
      version,
      environment: PRODUCTION,
    });
    say(`  ${pacticipant} ${version} is deployed.`);
  }

  #file(consumer: string, provider: string): string {
    return join(this.#workshop.folder, 'contracts/pacts', `${consumer}-${provider}.json`);
  }

  #pact(consumer: string, provider: string): string {
    return fingerprint(readFileSync(this.#file(consumer, provider), 'utf8'));
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

function say(text: string): void {
  console.log(text);
}

async function enter(): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  await terminal.question(styleText('dim', '\n  Enter goes on, Ctrl-C ends …'));
  terminal.close();
}

process.exitCode = (await main()) ? 0 : 1;
