import { readFileSync } from 'node:fs';
import { Node, Project, type SourceFile, ts } from 'ts-morph';
import { describe, expect, it } from 'vitest';
import { allLabs } from './catalogue.ts';
import { type Edit, edited } from './edit.ts';

const SUFFIX = 'Renamed';

type Change = (text: string, file?: string) => string;

/** Returns a text after a change: without comments, in the printer's layout. */
const printed =
  (change: (source: SourceFile) => void): Change =>
  (text, file = 'source.ts') => {
    const project = new Project({
      useInMemoryFileSystem: true,
      manipulationSettings: { usePrefixAndSuffixTextForRename: true },
    });
    const source = project.createSourceFile(file, text);
    change(source);
    return ts.createPrinter({ removeComments: true }).printFile(source.compilerNode);
  };

function reverseMethods(source: SourceFile): void {
  for (const methods of source.getClasses().map((each) => each.getMethods())) {
    const texts = methods.map((method) => method.getText()).toReversed();
    for (const [index, text] of texts.entries()) methods[index]!.replaceWithText(text);
  }
}

function renameLocals(source: SourceFile): void {
  const locals = source
    .getDescendantsOfKind(ts.SyntaxKind.VariableDeclaration)
    .filter((each) => each.getVariableStatement()?.getParent() !== source)
    .map((each) => each.getNameNode())
    .filter(Node.isIdentifier);
  for (const local of locals) local.rename(local.getText() + SUFFIX);
}
const originalNames: Change = (text) => text.replaceAll(SUFFIX, '');

const reprint = printed(() => undefined);
/** A renamed variable turns `{ units }` into `{ units: unitsRenamed }`. */
const normalized: Change = (text, file) => reprint(text, file).replace(/\b(\w+): \1\b/g, '$1');

/** Changes that a colleague might make in a file, each with its inverse. */
const changes: Readonly<Record<string, { make: Change; revert: Change }>> = {
  reformatted: { make: reprint, revert: reprint },
  'with its methods reversed': { make: printed(reverseMethods), revert: printed(reverseMethods) },
  'with its local variables renamed': { make: printed(renameLocals), revert: originalNames },
};

/** Applies edits in sequence to files. @param read returns the text of a file before */
function applied(edits: readonly Edit[], read: (file: string) => string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const edit of edits)
    texts.set(edit.file, edited(texts.get(edit.file) ?? read(edit.file), edit));
  return texts;
}
const source = (file: string) => readFileSync(file, 'utf8');

it('makes the changes', () => {
  const text = 'class One { first() { const a = 1; return { a }; } second() { return 2; } }';
  const { make } = changes['with its methods reversed']!;
  expect(make(text)).toMatch(/second.*first/s);
  expect(changes['with its local variables renamed']!.make(text)).toContain('{ a: aRenamed }');
});

describe.each(Object.entries(changes))('in a source %s', async (_, { make, revert }) => {
  const made = new Map<string, string>(); // a change takes a second
  const changedSource = (file: string) => {
    const text = made.get(file) ?? make(source(file), file);
    made.set(file, text);
    return text;
  };
  const all = (await allLabs())
    .filter(({ damage }) => damage.length > 0)
    .map((lab) => [lab.number, lab] as const);
  it.each(all)(
    'lab %i makes the same edits',
    (_number, { damage, steps = [], solution = [], wrong }) => {
      const answers = wrong.map(({ steps = [], edits }) => [...steps.flat(), ...edits]);
      for (const edits of [[], [...steps.flat(), ...solution], ...answers]) {
        const expected = applied([...damage, ...edits], source);
        for (const [file, text] of applied([...damage, ...edits], changedSource))
          expect(normalized(revert(text, file), file), file).toBe(
            normalized(expected.get(file)!, file),
          );
      }
    },
  );
});
