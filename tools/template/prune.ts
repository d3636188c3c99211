// Removes code that refers to what was removed: by symbol, with the type checker, so that formatting does not matter.
import { posix } from 'node:path';
import {
  type ArrayLiteralExpression,
  type Expression,
  type Node,
  Node as Nodes,
  type Project,
  type SourceFile,
  SyntaxKind,
} from 'ts-morph';

/**
 * Removes the smallest statements, tests, class members and table rows that do not compile any more, and those that
 * `mentions` selects, until nothing is left of them; then unused imports and declarations of the changed files.
 * @param mentions whether a string literal names what was removed; used in files whose path matches `naming`
 * @returns the changed files; those without content or without a test are deleted
 * @throws Error with the diagnostics that are left
 */
export function prune(
  project: Project,
  naming: RegExp,
  mentions: (text: string) => boolean,
): string[] {
  const root = project.getFileSystem().getCurrentDirectory();
  const pathOf = (file: SourceFile) => posix.relative(root, file.getFilePath());
  const changed = new Set<string>();
  let suspects = new Set(
    project.getSourceFiles().filter((file) => !/\.json$/.test(file.getFilePath())),
  );
  for (let round = 0; suspects.size > 0; round += 1) {
    if (round > 20) throw new Error(`Still broken: ${[...suspects].map(pathOf).join(', ')}`);
    // All files first: each change makes the type checker start again.
    const found = [...suspects].map((file) => ({
      file,
      nodes: [
        ...brokenNodes(file),
        ...(naming.test(pathOf(file))
          ? literals(file).filter((node) => mentions(textOf(node)))
          : []),
      ],
    }));
    const touched = found.filter(({ nodes }) => nodes.length > 0);
    suspects = new Set();
    for (const { file, nodes } of touched) {
      changed.add(pathOf(file));
      removeAll(nodes);
      suspects.add(file);
      for (const importer of file.getReferencingSourceFiles()) suspects.add(importer);
    }
    for (const { file } of touched)
      if (isEmpty(file)) {
        suspects.delete(file);
        file.delete();
      }
  }
  project.saveSync();
  return [...changed];
}

const brokenNodes = (file: SourceFile): Node[] =>
  file.getPreEmitDiagnostics().flatMap((each) => {
    const start = each.getStart();
    return (start === undefined ? undefined : file.getDescendantAtPos(start)) ?? [];
  });

/** Removes the units of these nodes, the outermost only. */
function removeAll(nodes: readonly Node[]): void {
  for (;;) {
    const node = nodes.find((each) => !each.wasForgotten());
    if (!node) return;
    removeUnit(node);
    if (!node.wasForgotten()) throw new Error(`Cannot remove: ${node.getText().slice(0, 80)}`);
  }
}

/** Removes what a reader would remove because of this node. */
function removeUnit(node: Node): void {
  for (let each: Node | undefined = node; each; each = each.getParent()) {
    const value = valueFor(node, each);
    if (value) {
      const statement = value.getFirstAncestorOrThrow(Nodes.isStatement);
      if (isCall(value)) statement.replaceWithText(`${value.getText()};`);
      else statement.remove();
      return;
    }
    if (Nodes.isImportSpecifier(each)) {
      const declaration = each.getImportDeclaration();
      if (declaration.getNamedImports().length > 1) each.remove();
      else declaration.remove();
      return;
    }
    if (
      Nodes.isImportDeclaration(each) ||
      Nodes.isExportDeclaration(each) ||
      Nodes.isMethodDeclaration(each) ||
      Nodes.isPropertyDeclaration(each) ||
      Nodes.isExportSpecifier(each)
    ) {
      each.remove();
      return;
    }
    if (Nodes.isBindingElement(each) && each.getParent().getElements().length > 1) {
      const others = each
        .getParent()
        .getElements()
        .filter((other) => other !== each);
      const [open, close] = Nodes.isObjectBindingPattern(each.getParent()) ? '{}' : '[]';
      each
        .getParent()
        .replaceWithText(`${open} ${others.map((other) => other.getText()).join(', ')} ${close}`);
      return;
    }
    const parent = each.getParent();
    if (Nodes.isArrayLiteralExpression(parent) && isRow(each, parent)) {
      const isLastCase = isCases(parent) && parent.getElements().length === 1;
      if (isLastCase) continue; // a test without cases
      parent.removeElement(each as Expression);
      return;
    }
    if (Nodes.isStatement(each) && isScope(each.getParent())) {
      const block = each.getParentIfKind(SyntaxKind.Block);
      each.remove();
      if (block && block.getStatements().length === 0) removeUnit(block);
      return;
    }
  }
  throw new Error(
    `${node.getSourceFile().getFilePath()}: nothing to remove around ${node.getText().slice(0, 80)}`,
  );
}

/** The value that a statement in a function assigns to this name: `name = …` or `const name = …`. */
function valueFor(name: Node, node: Node): Expression | undefined {
  const isLocal = node.getFirstAncestorByKind(SyntaxKind.Block) !== undefined;
  if (Nodes.isVariableDeclaration(node)) {
    const isOnly = node.getVariableStatement()?.getDeclarations().length === 1;
    return isLocal && isOnly && node.getNameNode() === name ? node.getInitializer() : undefined;
  }
  const isAssignment =
    Nodes.isBinaryExpression(node) &&
    node.getLeft() === name &&
    node.getOperatorToken().getKind() === SyntaxKind.EqualsToken &&
    Nodes.isExpressionStatement(node.getParent());
  return isAssignment ? node.getRight() : undefined;
}

/** A call may have an effect: it stays when nothing needs its result. */
const isCall = (node: Node) => Nodes.isAwaitExpression(node) || Nodes.isCallExpression(node);

/** A row of a table, or a case of a test; not a word in a list of arguments. */
function isRow(element: Node, array: ArrayLiteralExpression): boolean {
  const isStructured =
    Nodes.isArrayLiteralExpression(element) ||
    Nodes.isObjectLiteralExpression(element) ||
    Nodes.isCallExpression(element) ||
    Nodes.isSpreadElement(element);
  return isStructured || isCases(array) || Nodes.isPropertyAssignment(array.getParent());
}

/** The argument of `it.each`. */
function isCases(array: ArrayLiteralExpression): boolean {
  const call = array.getParentIfKind(SyntaxKind.CallExpression);
  return call !== undefined && /\.each$/.test(call.getExpression().getText());
}

/** The file itself, or the body of a `describe` or a hook: its statements stand for themselves. */
function isScope(node: Node | undefined): boolean {
  if (Nodes.isSourceFile(node)) return true;
  if (!Nodes.isBlock(node)) return false;
  const call = node.getParent()?.getParentIfKind(SyntaxKind.CallExpression);
  return (
    call !== undefined &&
    /^(describe|(before|after)(All|Each))\b/.test(call.getExpression().getText())
  );
}

/** Whether nothing but imports and `declare module` is left, or a spec has no test. */
function isEmpty(file: SourceFile): boolean {
  const statements = file
    .getStatements()
    .filter((each) => !Nodes.isImportDeclaration(each) && !Nodes.isModuleDeclaration(each));
  if (!file.getBaseName().endsWith('.spec.ts')) return statements.length === 0;
  const calls = file.getDescendantsOfKind(SyntaxKind.CallExpression);
  return !calls.some((call) => /^(it|test|describe[A-Z]\w*)\b/.test(call.getText()));
}

const literals = (file: SourceFile): Node[] => [
  ...file
    .getDescendantsOfKind(SyntaxKind.StringLiteral)
    .filter((each) => !Nodes.isImportDeclaration(each.getParent())),
  ...file.getDescendantsOfKind(SyntaxKind.NoSubstitutionTemplateLiteral),
  ...file.getDescendantsOfKind(SyntaxKind.TemplateHead),
  ...file.getDescendantsOfKind(SyntaxKind.TemplateMiddle),
  ...file.getDescendantsOfKind(SyntaxKind.TemplateTail),
];

const textOf = (node: Node) => node.getText().slice(1, -1);
