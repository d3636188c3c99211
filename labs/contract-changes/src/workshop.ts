import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { committedText } from '@fieldguide/tools/contracts/pact-files';
import { type Result, readResults } from '@fieldguide/tools/contracts/results';
import { output, run } from '@fieldguide/tools/contracts/run';
import { copySources } from '@fieldguide/tools/source-copy';
import { type Edit, edited } from '../../frame/edit.ts';

/** The end of a command. */
interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

/** A copy of the sources for changes and their tests; installed packages are shared. */
export class Workshop {
  readonly folder: string;
  readonly #home: string;
  readonly #originals = new Map<string, string>();
  readonly #env: NodeJS.ProcessEnv;

  /**
   * Without a place, the copy is a new one, which `close` removes.
   * @param postgresUrl by default each verification starts a PostgreSQL
   * @param place an existing copy, and a folder beside it for the results
   */
  constructor(postgresUrl?: string, place?: { readonly copy: string; readonly home: string }) {
    this.folder = place?.copy ?? mkdtempSync(join(tmpdir(), 'fieldguide-workshop-'));
    this.#home = place?.home ?? join(this.folder, '.fieldguide');
    this.#env = {
      FIELDGUIDE_HOME: this.#home,
      ...(postgresUrl && { FIELDGUIDE_POSTGRES_URL: postgresUrl }),
    };
    if (place) return;
    copySources(process.cwd(), this.folder);
    process.once('exit', () => this.close()); // also after Ctrl-C
  }

  /**
   * Applies edits to the copy. @returns the text of each file before and after its edit
   * @throws Error when an edit does not find its symbol
   */
  edit(edits: readonly Edit[]): { file: string; before: string; after: string }[] {
    return edits.map((each) => {
      const path = join(this.folder, each.file);
      const before = readFileSync(path, 'utf8');
      const after = edited(before, each);
      if (!this.#originals.has(path)) this.#originals.set(path, before);
      writeFileSync(path, after);
      return { file: each.file, before, after };
    });
  }

  /** Reverts all edits. */
  restore(): void {
    for (const [path, text] of this.#originals) writeFileSync(path, text);
    this.#originals.clear();
  }

  /** Runs the contract tests of a consumer. @returns its pacts by file name; none after a failure */
  async pactsOf(consumer: string): Promise<Ran & { pacts: ReadonlyMap<string, string> }> {
    const app = consumer === 'shop' ? 'storefront' : consumer;
    const generated = join(this.#home, 'pacts');
    rmSync(generated, { recursive: true, force: true });
    const tested = await this.run('consumers', [`apps/${app}/pact`]);
    const text = (name: string) => committedText(readFileSync(join(generated, name), 'utf8'));
    const names = tested.ok ? readdirSync(generated) : [];
    return { ...tested, pacts: new Map(names.map((name) => [name, text(name)])) };
  }

  /** Runs the contract tests of a consumer and commits its pacts. */
  async updatePacts(consumer: string): Promise<Ran> {
    const { pacts, ...tested } = await this.pactsOf(consumer);
    for (const [name, text] of pacts) {
      const committed = join(this.folder, 'contracts/pacts', name);
      if (!this.#originals.has(committed))
        this.#originals.set(committed, readFileSync(committed, 'utf8'));
      writeFileSync(committed, text);
    }
    return tested;
  }

  /** Verifies providers. @param pacts folder of the pacts; by default the committed ones */
  async verify(
    providers: readonly string[],
    pacts?: string,
  ): Promise<Ran & { results: readonly Result[] }> {
    const results = join(this.#home, 'pact-results');
    rmSync(results, { recursive: true, force: true });
    mkdirSync(results, { recursive: true });
    const files = providers.map((name) => `apps/${name}/pact`);
    const env = pacts ? { FIELDGUIDE_PACT_FOLDER: pacts } : {};
    const verified = await this.run('providers', files, env);
    return { ...verified, results: readResults(results) };
  }

  run(project: string, files: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return run('', project, files, { cwd: this.folder, env: { ...this.#env, ...env } });
  }

  /** Runs a script of the copy. */
  node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return output(process.execPath, args, { cwd: this.folder, env: { ...this.#env, ...env } });
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
