// Tries to deploy what is in the working copy: catalog first, then the shop. What passes is recorded as deployed.
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fingerprint } from '@fieldguide/platform-contract-record/builds';
import { root } from '@fieldguide/platform-host/environment';
import type { Result } from '@fieldguide/tools/contracts/results';
import { Production } from '../contract-changes/src/production.ts';
import { Workshop } from '../contract-changes/src/workshop.ts';
import { WorkingCopy } from '../frame/working-copy.ts';

const PROVIDER = 'catalog';
const CONSUMER = 'shop';
const PACT = `${CONSUMER}-${PROVIDER}.json`;
/** The version of each service before the lab. */
const FIRST = '1';
const VERSION_LENGTH = 7;
const read = (file: string) => readFileSync(file, 'utf8');
const deployedPacts = (folder: string) => globSync(join(folder, '*.json')).map(read);

/** What is deployed lies beside the working copy. */
function placesOf(copy: string) {
  const home = `${copy}-deployed`;
  const [deployed, first] = [join(home, 'pacts-deployed'), join(home, 'first', PACT)];
  return { home, deployed, first, production: new Production(join(home, 'record.jsonl')) };
}

/** Records the first version of catalog and of its consumers as deployed. */
export async function deployFirst(copy: string): Promise<void> {
  const { home, deployed, first, production } = placesOf(copy);
  rmSync(home, { recursive: true, force: true });
  await production.create();
  const files = globSync(join(root, 'contracts/pacts', `*-${PROVIDER}.json`));
  const results: Parameters<Production['publishProvider']>[2][number][] = [];
  for (const file of files) {
    const [consumer, text] = [basename(file).replace(`-${PROVIDER}.json`, ''), read(file)];
    cpSync(file, join(deployed, basename(file)));
    await production.publishConsumer(consumer, FIRST, PROVIDER, { file, text });
    results.push({ consumer, pact: fingerprint(text), ok: true });
  }
  cpSync(join(deployed, PACT), first);
  await production.publishProvider(PROVIDER, FIRST, results);
  for (const name of [PROVIDER, ...results.map(({ consumer }) => consumer)])
    await production.deploy(name, FIRST);
}

/** A version of the working copy with its contract tests. */
export class Candidate {
  readonly workshop: Workshop;
  /** The pact that the shop's tests generate; undefined when they fail. */
  readonly shopPact: string | undefined;
  /** Output of the tests. */
  readonly output: { readonly shop: string; readonly catalog: string };
  readonly #version: string;
  readonly #results: readonly Result[];
  readonly #places: ReturnType<typeof placesOf>;

  private constructor(
    copy: string,
    workshop: Workshop,
    shopPact: string | undefined,
    results: readonly Result[],
    output: Candidate['output'],
  ) {
    this.workshop = workshop;
    this.shopPact = shopPact;
    this.output = output;
    this.#version = new WorkingCopy(copy, root).hash().slice(0, VERSION_LENGTH);
    this.#results = results;
    this.#places = placesOf(copy);
  }

  /** Generates the pact of the shop, and verifies catalog against it and those of the deployed consumers. */
  static async test(copy: string): Promise<Candidate> {
    const { home, deployed, first } = placesOf(copy);
    const workshop = new Workshop(undefined, { copy, home });
    const shop = await workshop.pactsOf(CONSUMER);
    const pact = shop.pacts.get(PACT);
    const folder = join(home, 'pacts-to-verify');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const text of [...deployedPacts(deployed), read(first), ...(pact ? [pact] : [])])
      writeFileSync(join(folder, `${fingerprint(text)}.json`), text);
    const { results, output: catalog } = await workshop.verify([PROVIDER], folder);
    return new Candidate(copy, workshop, pact, results, { shop: shop.output, catalog });
  }

  /** Deploys catalog, if the pacts of the deployed consumers allow it. @returns the reasons against it */
  async deployCatalog(): Promise<readonly string[]> {
    await this.#places.production.publishProvider(PROVIDER, this.#version, this.#results);
    return this.#deploy(PROVIDER, deployedPacts(this.#places.deployed));
  }

  /** Deploys the shop, if the deployed catalog satisfies its pact. @returns the reasons against it */
  async deployShop(text: string): Promise<readonly string[]> {
    const { deployed, production } = this.#places;
    const file = join(deployed, PACT);
    await production.publishConsumer(CONSUMER, this.#version, PROVIDER, { file, text });
    const reasons = await this.#deploy(CONSUMER, [text]);
    if (reasons.length === 0) writeFileSync(file, text);
    return reasons;
  }

  /** @param pacts those that decide */
  async #deploy(name: string, pacts: readonly string[]): Promise<readonly string[]> {
    const { production } = this.#places;
    const { deployable, reasons } = await production.mayDeploy(name, this.#version);
    if (deployable) {
      await production.deploy(name, this.#version);
      return [];
    }
    const failed = this.#results.filter(({ pact }) => pacts.map(fingerprint).includes(pact));
    return [...reasons, ...failed.flatMap(({ findings }) => findings.map((each) => each.trim()))];
  }

  get verifications(): number {
    return this.#results.length;
  }

  /** Whether another version than the first is deployed. */
  get hasDeployed(): boolean {
    return this.#places.production.deployed(PROVIDER) !== FIRST;
  }

  /** Whether catalog still satisfies the pact of the first shop. */
  get servesFirstShop(): boolean {
    const pact = fingerprint(read(this.#places.first));
    return this.#results.some((each) => each.pact === pact && each.ok);
  }
}
