import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { committedText } from '@fieldguide/tools/contracts/pact-files';
import { type Result, readResults } from '@fieldguide/tools/contracts/results';
import { output, run } from '@fieldguide/tools/contracts/run';
import { copySources } from '@fieldguide/tools/source-copy';
import { type Edit, edited } from '../../frame/edit.ts';

/** A copy of the sources for changes and their tests; installed packages are shared. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'fieldguide-workshop-'));
  readonly #originals = new Map<string, string>();
  readonly #env: NodeJS.ProcessEnv;

  constructor(postgresUrl: string) {
    const FIELDGUIDE_HOME = join(this.folder, '.fieldguide');
    this.#env = { FIELDGUIDE_POSTGRES_URL: postgresUrl, FIELDGUIDE_HOME };
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

  /** Runs the contract tests of a consumer and commits its pacts. */
  async updatePacts(consumer: string): Promise<{ ok: boolean; output: string }> {
    const app = consumer === 'shop' ? 'storefront' : consumer;
    const generated = join(this.folder, '.fieldguide/pacts');
    rmSync(generated, { recursive: true, force: true });
    const tested = await this.run('consumers', [`apps/${app}/pact`]);
    if (!tested.ok) return tested;
    for (const name of readdirSync(generated)) {
      const committed = join(this.folder, 'contracts/pacts', name);
      if (!this.#originals.has(committed))
        this.#originals.set(committed, readFileSync(committed, 'utf8'));
      writeFileSync(committed, committedText(readFileSync(join(generated, name), 'utf8')));
    }
    return tested;
  }

  /** Verifies the pacts of providers. */
  async verify(
    providers: readonly string[],
  ): Promise<{ ok: boolean; output: string; results: readonly Result[] }> {
    const results = join(this.folder, '.fieldguide/pact-results');
    rmSync(results, { recursive: true, force: true });
    mkdirSync(results, { recursive: true });
    const files = providers.map((name) => `apps/${name}/pact`);
    const verified = await this.run('providers', files);
    return { ...verified, results: readResults(results) };
  }

  run(project: string, files: readonly string[]): Promise<{ ok: boolean; output: string }> {
    return run('', project, files, { cwd: this.folder, env: this.#env });
  }

  /** Runs a script of the copy. */
  node(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<{ ok: boolean; output: string }> {
    return output(process.execPath, args, { cwd: this.folder, env: { ...this.#env, ...env } });
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
