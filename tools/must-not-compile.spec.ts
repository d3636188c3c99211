import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const files = globSync('libs/*/src/testing/must-not-compile.ts', { cwd: root });
const DIRECTIVE = /\/\/ @ts-expect-error/;

describe.each(files)('%s', (file) => {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const copy = join(root, file.replace(/\.ts$/, `-${process.pid}.ts`));

  it('has a type error after each of its directives, and no other', () => {
    const config = join(root, '.nx/typecheck', `must-not-compile-${process.pid}.json`);
    mkdirSync(join(root, '.nx/typecheck'), { recursive: true });
    writeFileSync(copy, lines.map((line) => line.replace(DIRECTIVE, '//')).join('\n'));
    writeFileSync(config, JSON.stringify({ extends: '../../tsconfig.json', include: [copy] }));
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', config], { encoding: 'utf8' });
    for (const each of [copy, config]) rmSync(each);
    const reported = stdout.matchAll(new RegExp(`${process.pid}\\.ts\\((\\d+),`, 'g'));
    const failing = [...reported].map(([, line]) => Number(line));
    const expected = lines.flatMap((line, index) => (DIRECTIVE.test(line) ? [index] : []));
    // An error may be reported at any line of the statement that follows.
    const directiveOf = (line: number) => expected.findLast((each) => each < line);
    expect(new Set(failing.map(directiveOf)), stdout).toEqual(new Set(expected));
  }, 60_000);
});
