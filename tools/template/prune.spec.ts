import { Project } from 'ts-morph';
import { expect, it } from 'vitest';
import { prune } from './prune.ts';

/** Prunes sources by path; `gone` names what was removed. @returns the sources that are left, without layout */
function pruned(sources: Readonly<Record<string, string>>): Record<string, string> {
  const project = new Project({
    useInMemoryFileSystem: true,
    compilerOptions: { noUnusedLocals: true, noLib: true, types: [] },
  });
  const globals = 'declare const it: any, describe: any, beforeAll: any, run: any;';
  const library = 'interface Array<T> {} interface Boolean {} interface CallableFunction {}';
  project.createSourceFile(
    'globals.d.ts',
    `${globals} ${library} interface Function {}
    interface IArguments {} interface NewableFunction {} interface Number {} interface Object {}
    interface RegExp {} interface String {}`,
  );
  for (const [path, text] of Object.entries(sources)) project.createSourceFile(path, text);
  prune(project, /\.spec\.ts$/, (text) => /gone/.test(text));
  const left = project.getSourceFiles().filter((file) => file.getBaseName() !== 'globals.d.ts');
  return Object.fromEntries(
    left.map((file) => [
      file.getFilePath().slice(1),
      file.getText().replaceAll(/\s+/g, ' ').trim(),
    ]),
  );
}

it('removes what uses a removed module, up to the files that are empty then', () => {
  expect(
    pruned({
      'kept.ts': "import { a } from './lost.ts';\nexport const b = a;\nexport const c = 1;",
      'user.ts': "import { b } from './kept.ts';\nexport const d = b;",
    }),
  ).toEqual({ 'kept.ts': 'export const c = 1;' });
});

it('removes a test, a case or a statement of a hook, not the whole suite', () => {
  const text = `describe('a', () => {
    beforeAll(() => { run('gone'); run('one'); });
    it('two', () => run('gone'));
    it.each([['gone'], ['three']])('four', (x: any) => run(x));
  });`;
  expect(pruned({ 'a.spec.ts': text })).toEqual({
    'a.spec.ts':
      "describe('a', () => { beforeAll(() => { run('one'); }); it.each([['three']])('four', (x: any) => run(x)); });",
  });
});

it('removes a local variable that nothing reads, and keeps a call that gave its value', () => {
  const text = `export {};
  let one: any;
  let two: any;
  async function start() { const both = await run('a'); one = both.one; two = both.two; run(two); }
  beforeAll(start);
  it('a', () => run(two));
  it('gone', () => run(one));`;
  expect(pruned({ 'a.spec.ts': text })).toEqual({
    'a.spec.ts':
      "export {}; let two: any; async function start() { const both = await run('a'); two = both.two; run(two); } beforeAll(start); it('a', () => run(two));",
  });
  const unused = "function f() { const a = run('a'); run(a('gone')); }\nit('a', () => run(f));";
  expect(pruned({ 'a.ts': unused.replace("run(a('gone'));", '') })).toEqual({
    'a.ts': "function f() { run('a'); } it('a', () => run(f));",
  });
});

it('removes a row of a table, and keeps names in other files', () => {
  expect(
    pruned({
      'a.spec.ts': "const rows = [{ name: 'gone' }, { name: 'one' }];\nit('two', () => run(rows));",
      'b.ts': "export const name = 'gone';",
    }),
  ).toEqual({
    'a.spec.ts': "const rows = [{ name: 'one' }]; it('two', () => run(rows));",
    'b.ts': "export const name = 'gone';",
  });
});
