// The imports of a source file, read with the parser of rolldown.
import { parseSync } from 'rolldown/utils';

/** One import, re-export, `import()` or `require()` with a literal specifier. */
export interface Import {
  readonly specifier: string;
  /** Erased by the compiler: `import type`, `export type … from`, `import('x').T`. */
  readonly isType: boolean;
}

/** Lists the imports of a source text in order of appearance; throws when it does not parse. */
export function importsOf(file: string, source: string): Import[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  const found: Import[] = [];
  visit(program, (node) => {
    const from = sourceOf(node);
    if (typeof from?.value === 'string') {
      found.push({ specifier: from.value, isType: isErased(node) });
    }
  });
  return found;
}

type Node = Record<string, unknown>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

function sourceOf(node: Node): Node | undefined {
  const isRequire =
    node['type'] === 'CallExpression' &&
    isNode(node['callee']) &&
    node['callee']['name'] === 'require' &&
    Array.isArray(node['arguments']);
  if (isRequire) return (node['arguments'] as Node[])[0];
  if (node['type'] === 'TSExternalModuleReference') return node['expression'] as Node;
  return isNode(node['source']) ? node['source'] : undefined;
}

const isErased = (node: Node) =>
  node['type'] === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type';

function visit(value: unknown, enter: (node: Node) => void): void {
  if (!isNode(value)) return;
  if (!Array.isArray(value)) enter(value);
  for (const child of Object.values(value)) visit(child, enter);
}
