// Checks the imports of all packages: `npx node tools/check-boundaries.ts`, part of `npm run check`.
import { globSync, readFileSync } from 'node:fs';
import { Boundaries, cyclesOf } from './boundaries.ts';
import { importsOf } from './imports.ts';
import { declaredByRoot, readPackages } from './packages.ts';

const packages = readPackages('.');
const boundaries = new Boundaries(packages, declaredByRoot('.'));
const edges = new Map(packages.map(({ name, declared }) => [name, ownOnly(declared)]));
const violations: string[] = [];

function ownOnly(names: readonly string[]): Set<string> {
  return new Set(names.filter((name) => packages.some((one) => one.name === name)));
}

const files = globSync(
  packages.map(({ folder }) => `${folder}/**/*.{ts,tsx,mts,mjs}`),
  { exclude: (path) => /(^|[\\/])(node_modules|\.fieldguide|dist|stored)($|[\\/])/.test(path) },
);
for (const path of files) {
  const file = path.replaceAll('\\', '/');
  for (const one of importsOf(file, readFileSync(path, 'utf8'))) {
    const violation = boundaries.violationOf(file, one);
    if (violation) violations.push(violation);
    const [from, to] = [boundaries.ownerOf(file), boundaries.targetOf(file, one.specifier)];
    if (from && to && from !== to) edges.get(from.name)?.add(to.name);
  }
}
for (const pair of cyclesOf(edges))
  violations.push(`${pair}: packages must not depend on each other`);
for (const violation of violations) console.error(violation);
process.exitCode = violations.length > 0 ? 1 : 0;
