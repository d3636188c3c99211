import {
  IndentationText,
  type MethodDeclaration,
  Node,
  Project,
  type PropertyAssignment,
  type ShorthandPropertyAssignment,
  type SourceFile,
} from 'ts-morph';

/** A change of one source file, found by the names of its symbols: layout, order and local names do not matter. */
export interface Edit {
  readonly file: string;
  readonly apply: (source: SourceFile) => void;
}

/** A new text, or a function that derives it from the present one. */
type Text = string | ((present: string) => string);

/**
 * Returns the text of a source after an edit.
 * @throws Error when the edit does not find its symbol, or changes nothing
 */
export function edited(text: string, { file, apply }: Edit): string {
  const manipulationSettings = { indentationText: IndentationText.TwoSpaces };
  const project = new Project({ useInMemoryFileSystem: true, manipulationSettings });
  const source = project.createSourceFile(file, text);
  apply(source);
  const changed = source.getFullText();
  if (changed === text) throw new Error(`Cannot edit ${file}: the edit changes nothing`);
  return changed;
}

/** Selects a file, or a symbol in it: `Product`, `Product.toPublic`, `Product.constructor`, `orderMessages`. */
export function select(file: string, symbol?: string): Selection {
  const whole = new Selection(file, [], (source) => [source]);
  return symbol ? whole.step(symbol, (node) => declared(node as SourceFile, symbol)) : whole;
}

/** Nodes of one file, found when an edit is applied. All but `rename` need exactly one. */
export class Selection {
  readonly #file: string;
  readonly #steps: readonly string[];
  readonly #find: (source: SourceFile) => Node[];

  constructor(file: string, steps: readonly string[], find: (source: SourceFile) => Node[]) {
    this.#file = file;
    this.#steps = steps;
    this.#find = find;
  }

  /** @param find returns the nodes of this step within a node of the step before */
  step(name: string, find: (node: Node) => Node[]): Selection {
    const next: Selection = new Selection(this.#file, [...this.#steps, name], (source) => {
      const nodes = this.#find(source).flatMap(find);
      if (nodes.length === 0) throw next.#failure('is not there');
      return nodes;
    });
    return next;
  }

  /** A property of an object literal; the outermost when literals are nested. */
  property(name: string): Selection {
    return this.step(`property ${name}`, (node) => outermost(properties(node, name)));
  }

  /** Properties of this name at every depth. */
  everyProperty(name: string): Selection {
    return this.step(`property ${name}`, (node) => properties(node, name));
  }

  /** A call of a function or method of this name; with `first`, the one with this first argument. */
  call(name: string, first?: string): Selection {
    return this.step(`call of ${name}`, (node) =>
      node.getDescendants().filter((each) => {
        if (!Node.isCallExpression(each)) return false;
        const callee = each.getExpression();
        const called = Node.isPropertyAccessExpression(callee) ? callee.getNameNode() : callee;
        return called.getText() === name && (!first || each.getArguments()[0]?.getText() === first);
      }),
    );
  }

  /** An argument of the selected call or decorator. */
  argument(index: number): Selection {
    return this.step(`argument ${index}`, (node) => {
      const takes = Node.isCallExpression(node) || Node.isDecorator(node);
      return takes ? node.getArguments().slice(index, index + 1) : [];
    });
  }

  decorator(name: string): Selection {
    return this.step(`decorator ${name}`, (node) => {
      const own = Node.isDecoratable(node) ? node.getDecorators() : [];
      const all = Node.isSourceFile(node) ? node.getDescendants().filter(Node.isDecorator) : own;
      return all.filter((each) => each.getName() === name);
    });
  }

  /** A string literal of this value. */
  literal(value: string): Selection {
    return this.step(`literal '${value}'`, (node) =>
      node
        .getDescendants()
        .filter((each) => Node.isStringLiteral(each) && each.getLiteralValue() === value),
    );
  }

  /** An object literal whose property of this name is this string. */
  item(name: string, value: string): Selection {
    return this.step(`item with ${name} '${value}'`, (node) =>
      node.getDescendants().filter((each) => {
        if (!Node.isObjectLiteralExpression(each)) return false;
        const property = each.getProperty(name);
        const held = Node.isPropertyAssignment(property) ? property.getInitializer() : undefined;
        return Node.isStringLiteral(held) && held.getLiteralValue() === value;
      }),
    );
  }

  /** An access to a member of this name: `.name`. */
  access(name: string): Selection {
    return this.step(`access to ${name}`, (node) =>
      node
        .getDescendants()
        .filter((each) => Node.isPropertyAccessExpression(each) && each.getName() === name),
    );
  }

  /** Renames the selected properties or accesses; local names stay. */
  rename(to: string): Edit {
    const apply = (source: SourceFile) => {
      for (const node of this.#find(source).toReversed()) {
        if (Node.isShorthandPropertyAssignment(node))
          node.replaceWithText(`${to}: ${node.getText()}`);
        else if (isProperty(node) || Node.isPropertyAccessExpression(node))
          node.getNameNode().replaceWithText(to);
        else throw this.#failure('has no name');
      }
    };
    return { file: this.#file, apply };
  }

  /** Replaces the value of a property, or a whole expression. */
  replace(text: Text): Edit {
    return this.#editOne((node) => {
      if (Node.isShorthandPropertyAssignment(node))
        node.replaceWithText(`${node.getName()}: ${derived(text, node.getName())}`);
      else {
        const value = Node.isPropertyAssignment(node) ? node.getInitializerOrThrow() : node;
        value.replaceWithText(derived(text, value.getText()));
      }
    });
  }

  /** Removes a property, a decorator, an item of an array, or the statement of a call. */
  remove(): Edit {
    return this.#editOne((node) => {
      const parent = node.getParent();
      if (isProperty(node) || Node.isDecorator(node)) node.remove();
      else if (Node.isArrayLiteralExpression(parent)) parent.removeElement(node as never);
      else if (Node.isExpressionStatement(parent)) parent.remove();
      else throw this.#failure('cannot be removed');
    });
  }

  /** Adds a property next to the selected one; its value may derive from the value of that one. */
  add(name: string, value: Text): Edit {
    return this.#editOne((node) => {
      const object = node.getParent();
      if (!Node.isObjectLiteralExpression(object)) throw this.#failure('is not a property');
      const index = object.getProperties().indexOf(node as never);
      object.insertPropertyAssignment(index + 1, {
        name,
        initializer: derived(value, valueIn(node)),
      });
    });
  }

  /** Sends a property only under a condition, which may derive from its value. */
  onlyIf(condition: Text): Edit {
    return this.#editOne((node) => {
      const test = derived(condition, valueIn(node));
      node.replaceWithText(`...(${test} && { ${node.getText()} })`);
    });
  }

  /** Sends a property always that is sent under a condition now. */
  always(value: Text): Edit {
    return this.#editOne((node) => {
      const spread = node.getAncestors().find(Node.isSpreadAssignment);
      if (!spread) throw this.#failure('has no condition');
      const name = Node.isPropertyNamed(node) ? node.getName() : node.getText();
      spread.replaceWithText(`${name}: ${derived(value, valueIn(node))}`);
    });
  }

  /** Adds a decorator, and the import of its name. */
  decorate(name: string, argument: string, from: string): Edit {
    return this.#editOne((node) => {
      if (!Node.isDecoratable(node)) throw this.#failure('takes no decorator');
      const imports = node.getSourceFile().getImportDeclaration(from);
      if (!imports) throw this.#failure(`stands in a file that imports nothing from ${from}`);
      node.addDecorator({ name, arguments: [argument] });
      imports.addNamedImport(name);
    });
  }

  /** Puts a statement before all others of a function or method. */
  begin(statement: string): Edit {
    return this.#editOne((node) => {
      if (!Node.isBodied(node) && !Node.isBodyable(node)) throw this.#failure('has no body');
      if (!Node.isStatemented(node)) throw this.#failure('has no statements');
      node.insertStatements(0, statement);
    });
  }

  /** Replaces what a function returns last. */
  result(text: Text): Edit {
    return this.#editOne((node) => {
      const last = Node.isStatemented(node) ? node.getStatements().at(-1) : undefined;
      const value = Node.isReturnStatement(last) ? last.getExpression() : undefined;
      if (!value) throw this.#failure('does not end with a returned value');
      value.replaceWithText(derived(text, value.getText()));
    });
  }

  /** Adds a first item to the array that a constant holds. */
  prepend(item: string): Edit {
    return this.#editOne((node) => {
      const value = Node.isVariableDeclaration(node) ? node.getInitializer() : node;
      if (!Node.isArrayLiteralExpression(value)) throw this.#failure('is not an array');
      value.insertElement(0, item);
    });
  }

  #editOne(change: (node: Node) => void): Edit {
    return { file: this.#file, apply: (source) => change(this.#one(source)) };
  }

  #one(source: SourceFile): Node {
    const [node, ...others] = this.#find(source);
    if (others.length > 0) throw this.#failure(`is there ${others.length + 1} times`);
    return node!;
  }

  #failure(why: string): Error {
    const name = this.#steps.join(', ');
    return new Error(`Cannot edit ${this.#file}: ${name || 'the file'} ${why}`);
  }
}

function declared(source: SourceFile, symbol: string): Node[] {
  const [name = '', member] = symbol.split('.');
  const declaration =
    source.getClass(name) ?? source.getFunction(name) ?? source.getVariableDeclaration(name);
  if (!declaration || !member) return declaration ? [declaration] : [];
  if (!Node.isClassDeclaration(declaration)) return [];
  if (member === 'constructor') return declaration.getConstructors();
  const found = declaration.getInstanceMember(member) ?? declaration.getStaticMember(member);
  return found ? [found] : [];
}

type Property = PropertyAssignment | ShorthandPropertyAssignment | MethodDeclaration;

function isProperty(node: Node): node is Property {
  if (Node.isMethodDeclaration(node)) return Node.isObjectLiteralExpression(node.getParent());
  return Node.isPropertyAssignment(node) || Node.isShorthandPropertyAssignment(node);
}

function properties(node: Node, name: string): Node[] {
  return node
    .getDescendants()
    .filter((each) => isProperty(each) && unquoted(each.getName()) === name);
}

function outermost(nodes: readonly Node[]): Node[] {
  const depth = (node: Node) => node.getAncestors().filter(Node.isObjectLiteralExpression).length;
  const least = Math.min(...nodes.map(depth));
  return nodes.filter((node) => depth(node) === least);
}

function valueIn(property: Node): string {
  return Node.isPropertyAssignment(property)
    ? property.getInitializerOrThrow().getText()
    : property.getText();
}

function derived(text: Text, present: string): string {
  return typeof text === 'string' ? text : text(present);
}

function unquoted(name: string): string {
  return name.replace(/^['"]|['"]$/g, '');
}
