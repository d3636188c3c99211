import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { copySources } from '@fieldguide/tools/source-copy';
import { type Edit, edited } from './edit.ts';

/** A copy of the sources that a lab damages and a participant repairs; installed packages are shared. */
export class WorkingCopy {
  readonly folder: string;
  readonly #root: string;

  constructor(folder: string, root: string) {
    this.folder = folder;
    this.#root = root;
  }

  /** Copies the sources again; every change in the copy is lost. */
  create(): void {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    copySources(this.#root, this.folder);
  }

  /** Applies edits and formats their files, so that the layout does not show them. @throws Error when an edit does not find its symbol */
  apply(edits: readonly Edit[]): void {
    if (edits.length === 0) return;
    for (const edit of edits) {
      const path = join(this.folder, edit.file);
      writeFileSync(path, edited(readFileSync(path, 'utf8'), edit));
    }
    const biome = join(this.#root, 'node_modules/@biomejs/biome/bin/biome');
    const files = new Set(edits.map(({ file }) => file));
    const args = [biome, 'format', '--write', '--vcs-enabled=false', ...files];
    execFileSync(process.execPath, args, { cwd: this.folder, stdio: 'pipe' });
  }

  /** Returns the text of a file; empty when it is not there. */
  read(file: string): string {
    const path = join(this.folder, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** Takes these files from the sources again. */
  restore(files: readonly string[]): void {
    for (const file of files)
      writeFileSync(join(this.folder, file), readFileSync(join(this.#root, file)));
  }

  /** Returns a hash over every file of the copy. */
  hash(): string {
    const hash = createHash('sha256');
    const files = globSync('**/*', {
      cwd: this.folder,
      exclude: (name) => /(^|[\\/])node_modules$/.test(name),
    });
    for (const file of files.toSorted()) {
      const path = join(this.folder, file);
      if (statSync(path).isFile()) hash.update(`${file}\0`).update(readFileSync(path));
    }
    return hash.digest('hex');
  }
}
