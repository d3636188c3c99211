// Edits of the two maps that every service stands in: system/system.ts and the public API's routes.ts. By symbol, with
// ts-morph, so that their formatting does not matter.
import { join, posix } from 'node:path';
import {
  type ArrayLiteralExpression,
  Node,
  type ObjectLiteralExpression,
  Project,
  type SourceFile,
  SyntaxKind,
} from 'ts-morph';

const SYSTEM = 'system/system.ts';
const ROUTES = 'contracts/gateway/routes.ts';

/** An entry of the map and the routes of a new service, as source text. */
export interface ServiceEntry {
  readonly name: string;
  /** Identifier under which the map imports the contract. */
  readonly contract: string;
  readonly scope: string;
  readonly entry: string;
  readonly routes: readonly string[];
  /** Names that the routes import from the contract. */
  readonly routeImports: readonly string[];
}

/** Returns the contract from which the routes import one of these names already, if any. */
export function importedByRoutes(names: readonly string[], root = '.'): string | undefined {
  const project = new Project({ skipAddingFilesFromTsConfig: true });
  return project
    .addSourceFileAtPath(join(root, ROUTES))
    .getImportDeclarations()
    .find((each) => each.getNamedImports().some((one) => names.includes(one.getName())))
    ?.getModuleSpecifierValue();
}

/** Adds a service to both maps, at their ends. @param root folder of the clone */
export function addToMaps(service: ServiceEntry, root = '.'): void {
  const { name, contract, scope, entry, routes, routeImports } = service;
  const project = new Project({ skipAddingFilesFromTsConfig: true });
  const system = project.addSourceFileAtPath(join(root, SYSTEM));
  const module = `${scope}/contracts/${name}`;
  system.addImportDeclaration({ namespaceImport: contract, moduleSpecifier: module });
  appsOf(system).addPropertyAssignment({ name: quoted(name), initializer: entry });
  const gateway = project.addSourceFileAtPath(join(root, ROUTES));
  gateway.addImportDeclaration({
    namedImports: [...routeImports],
    moduleSpecifier: `../${name}/index.ts`,
  });
  routesOf(gateway).addElements([...routes], { useNewLines: true });
  project.saveSync();
}

/** Removes a service from both maps, with the imports that only it needed. */
export function removeFromMaps(name: string, root = '.'): void {
  const project = new Project({ skipAddingFilesFromTsConfig: true });
  const system = project.addSourceFileAtPath(join(root, SYSTEM));
  const property = appsOf(system)
    .getProperties()
    .find((each) => Node.isPropertyAssignment(each) && unquoted(each.getName()) === name);
  property?.asKindOrThrow(SyntaxKind.PropertyAssignment).remove();
  const gateway = project.addSourceFileAtPath(join(root, ROUTES));
  const routes = routesOf(gateway);
  for (const element of routes.getElements().toReversed()) {
    const [, to] = Node.isCallExpression(element) ? element.getArguments() : [];
    if (Node.isStringLiteral(to) && to.getLiteralValue() === name) routes.removeElement(element);
  }
  const importsContract = new RegExp(`/contracts/${name}$|^../${name}/index.ts$`);
  for (const file of [system, gateway])
    for (const declaration of file.getImportDeclarations())
      if (importsContract.test(declaration.getModuleSpecifierValue())) declaration.remove();
  project.saveSync();
}

/**
 * Removes the plug-ins that need one of these apps from the map.
 * @returns their folders
 */
export function removePlugins(apps: readonly string[], root = '.'): string[] {
  const project = new Project({ skipAddingFilesFromTsConfig: true });
  const system = project.addSourceFileAtPath(join(root, SYSTEM));
  const plugins = objectAt(system, 'plugins');
  const without = plugins.getProperties().filter((plugin) => {
    const needs = plugin.getDescendantsOfKind(SyntaxKind.StringLiteral);
    return needs.some((each) => apps.includes(each.getLiteralValue()));
  });
  const folders = without.map((plugin) => {
    const [, file = ''] = /import\('([^']+)'\)/.exec(plugin.getText()) ?? [];
    return posix.dirname(posix.join(posix.dirname(SYSTEM), file));
  });
  for (const plugin of without) plugin.remove();
  project.saveSync();
  return folders;
}

/** Removes a web application from the map. */
export function removeWebApp(name: string, root = '.'): void {
  const project = new Project({ skipAddingFilesFromTsConfig: true });
  const system = project.addSourceFileAtPath(join(root, SYSTEM));
  const isItsOwn = new RegExp(`^['"]?${name}['"]?:`);
  for (const each of objectAt(system, 'webApps').getProperties())
    if (isItsOwn.test(each.getText())) each.remove();
  project.saveSync();
}

const appsOf = (file: SourceFile) => objectAt(file, 'apps');

function objectAt(file: SourceFile, name: string): ObjectLiteralExpression {
  const map = file
    .getVariableDeclarationOrThrow('system')
    .getInitializerIfKindOrThrow(SyntaxKind.CallExpression)
    .getArguments()[0]!
    .asKindOrThrow(SyntaxKind.ObjectLiteralExpression);
  return map
    .getPropertyOrThrow(name)
    .asKindOrThrow(SyntaxKind.PropertyAssignment)
    .getInitializerIfKindOrThrow(SyntaxKind.ObjectLiteralExpression);
}

function routesOf(file: SourceFile): ArrayLiteralExpression {
  return file
    .getVariableDeclarationOrThrow('routes')
    .getInitializerIfKindOrThrow(SyntaxKind.ArrayLiteralExpression);
}

const quoted = (name: string) => (/^\w+$/.test(name) ? name : `'${name}'`);
const unquoted = (name: string) => name.replaceAll(/^['"]|['"]$/g, '');
