import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The source line of a message or request handler. */
export interface HandledBy {
  readonly service: string;
  /** Relative to the project's root, with forward slashes. */
  readonly file: string;
  readonly line: number;
}

/** The handlers of each message type and route, found in the current sources. */
export interface Handlers {
  /** By message type. Several services may consume one type. */
  readonly messages: ReadonlyMap<string, readonly HandledBy[]>;
  /** By service, method and path, as in `ordering POST /orders/:id/cancellation`. */
  readonly routes: ReadonlyMap<string, HandledBy>;
}

const CONSUMED = /const (\w+) = consumes\(\s*(\w+)/g;
const ON_MESSAGE = /@OnMessage\((\w+)/g;
const CONTROLLER = /@Controller\('([^']*)'\)/;
const ROUTE = /@(Get|Post|Patch|Delete)\((?:'([^']*)')?\)/g;

export function findHandlers(): Handlers {
  const messages = new Map<string, HandledBy[]>();
  const routes = new Map<string, HandledBy>();
  const files = globSync('apps/*/src/**/*.ts', { cwd: root, exclude: ['**/*.spec.ts'] });
  for (const path of files.toSorted()) {
    const file = path.replaceAll('\\', '/');
    const text = readFileSync(join(root, path), 'utf8');
    const service = file.split('/')[1]!;
    const at = (index: number) => ({
      service,
      file,
      line: text.slice(0, index).split('\n').length,
    });
    // A handler's contract is named after its message type; `consumes` assigns a subset of it to another name.
    const names = new Map([...text.matchAll(CONSUMED)].map(([, own, type]) => [own!, type!]));
    for (const { 1: own, index } of text.matchAll(ON_MESSAGE)) {
      const type = names.get(own!) ?? own!;
      messages.set(type, [...(messages.get(type) ?? []), at(index)]);
    }
    const prefix = CONTROLLER.exec(text)?.[1];
    if (prefix === undefined) continue;
    for (const { 1: method, 2: more, index } of text.matchAll(ROUTE)) {
      const route = ['', prefix, more].filter((part) => part !== undefined).join('/');
      routes.set(`${service} ${method!.toUpperCase()} ${route}`, at(index));
    }
  }
  return { messages, routes };
}
