// Checks the imports of all packages: `npx node tools/check-boundaries.ts`, part of `npm run check`.
// `--update` writes the current violations to the allowance, which may only shrink.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { Boundaries, cyclesOf } from './boundaries.ts';
import { importsOf } from './imports.ts';
import { declaredByRoot, readPackages } from './packages.ts';

const allowanceFile = 'tools/boundaries.allowance.json';
const packages = readPackages('.');
const boundaries = new Boundaries(packages, declaredByRoot('.'));
const edges = new Map(packages.map(({ name, declared }) => [name, ownOnly(declared)]));
/** Message of each violation by the pair of packages and the rule. */
const found = new Map<string, string[]>();
const add = (pair: string, message: string) =>
  found.set(pair, [...(found.get(pair) ?? []), message]);

function ownOnly(names: readonly string[]): Set<string> {
  return new Set(names.filter((name) => packages.some((one) => one.name === name)));
}

const files = globSync(
  packages.map(({ folder }) => `${folder}/**/*.{ts,mts,mjs}`),
  { exclude: (path) => /(^|[\\/])(node_modules|\.fieldguide|dist|stored)($|[\\/])/.test(path) },
);
for (const path of files) {
  const file = path.replaceAll('\\', '/');
  for (const one of importsOf(file, readFileSync(path, 'utf8'))) {
    const violation = boundaries.violationOf(file, one);
    if (violation) add(violation.pair, violation.message);
    const [from, to] = [boundaries.ownerOf(file), boundaries.targetOf(file, one.specifier)];
    if (from && to && from !== to) edges.get(from.name)?.add(to.name);
  }
}
for (const pair of cyclesOf(edges)) {
  const message = `${pair}: packages must not depend on each other`;
  add(message, message);
}

if (process.argv.includes('--update')) {
  writeFileSync(allowanceFile, `${JSON.stringify([...found.keys()].sort(), null, 2)}\n`);
}
const allowed = new Set<string>(JSON.parse(readFileSync(allowanceFile, 'utf8')));
const forbidden = [...found].filter(([pair]) => !allowed.has(pair));
const gone = [...allowed].filter((pair) => !found.has(pair));
for (const [, messages] of forbidden) console.error(messages.join('\n'));
for (const pair of gone) {
  console.error(`${allowanceFile} allows what no longer occurs; remove the line: ${pair}`);
}
process.exitCode = forbidden.length + gone.length > 0 ? 1 : 0;
