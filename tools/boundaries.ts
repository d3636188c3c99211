// Which package may import which (docs/adr/0002). Run by `npm run check`; boundaries.spec.ts breaks each rule.
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { Import } from './imports.ts';
import type { Package } from './packages.ts';

/** Types of packages that a package of the key's type may import. */
const mayImport: Record<string, readonly string[]> = {
  contracts: [],
  lib: ['lib'],
  app: ['lib', 'contracts'],
  web: ['contracts'],
  platform: ['platform'],
  system: ['platform', 'contracts'],
  e2e: ['system', 'platform', 'contracts', 'lib', 'tools', 'simulation', 'web'],
  bench: ['system', 'platform', 'contracts', 'lib', 'tools', 'simulation'],
  tools: ['system', 'platform', 'contracts', 'lib'],
  labs: ['system', 'platform', 'contracts', 'lib', 'tools', 'web'],
  simulation: ['app', 'lib', 'contracts'],
};

/** Types in which a package imports earlier groups of its own type only. */
const isGrouped = (type: string) => type === 'lib' || type === 'platform';

/** The one format of a lib that the platform reads and writes too: the address of a broker, with a user and TLS. */
const SHARED_FORMAT = '@fieldguide/messaging/broker-url';

/** Specs and the code for them; a package may name development dependencies there. */
const isTest = (file: string) => /\.spec\.ts$|\.setup\.ts$|\/(testing|pact)\//.test(file);

/** A web application's pacts use the library of the services' pacts. */
const isPactTest = (from: Package, file: string, to: Package) =>
  from.type === 'web' && file.includes('/pact/') && to.name === '@fieldguide/contract-testing';

/** Files with the rules of a domain and the errors of these rules. */
const isPure = (file: string) => /\.(model|errors)\.ts$/.test(file);

/** The demo is a program of its own: the platform does not load it, and it uses the platform's clients. */
const isDemo = (file: string) => file.startsWith('system/demo/');

/** The packages of a workspace, for looking up who owns a file or a name. */
export class Boundaries {
  readonly #packages: readonly Package[];
  readonly #shared: ReadonlySet<string>;

  /** `shared` names the packages that every package may import without declaring them. */
  constructor(packages: readonly Package[], shared: readonly string[]) {
    this.#packages = packages;
    this.#shared = new Set(shared);
  }

  ownerOf(file: string): Package | undefined {
    return this.#packages.find(({ folder }) => file.startsWith(`${folder}/`));
  }

  /** Returns the package of the workspace that an import reaches, or undefined. */
  targetOf(file: string, specifier: string): Package | undefined {
    if (specifier.startsWith('.')) return this.ownerOf(resolved(file, specifier));
    return this.#packages.find(({ name }) => name === packageNameOf(specifier));
  }

  /** Returns which rule one import breaks, or undefined. Paths are relative to the root, with forward slashes. */
  violationOf(file: string, { specifier, isType }: Import): string | undefined {
    const from = this.ownerOf(file);
    if (!from) return undefined;
    const to = this.targetOf(file, specifier);
    const rule =
      this.#pathRule(from, file, specifier) ??
      this.#packageRule(from, file, to, specifier) ??
      this.#declarationRule(from, file, specifier) ??
      (isType ? undefined : modelRule(file, specifier));
    return rule && `${file} imports ${specifier}: ${rule}`;
  }

  #pathRule(from: Package, file: string, specifier: string): string | undefined {
    if (!specifier.startsWith('.')) return undefined;
    return resolved(file, specifier).startsWith(`${from.folder}/`)
      ? undefined
      : 'import another package by its name, not by its path';
  }

  #packageRule(
    from: Package,
    file: string,
    to: Package | undefined,
    specifier: string,
  ): string | undefined {
    if (!to || to === from) return undefined;
    if (from.type === 'platform' && specifier === SHARED_FORMAT) return undefined;
    if (!mayImport[from.type]?.includes(to.type) && !isPactTest(from, file, to)) {
      return `a package of type ${from.type} must not import one of type ${to.type}`;
    }
    if (from.type === 'system' && to.type === 'platform' && to.group > 1 && !isDemo(file)) {
      return 'the system imports the model of the platform only';
    }
    return from.type === to.type && isGrouped(to.type) && to.group >= from.group
      ? `a package of type ${from.type} imports earlier groups only`
      : undefined;
  }

  #declarationRule(from: Package, file: string, specifier: string): string | undefined {
    if (specifier.startsWith('.') || isBuiltin(specifier)) return undefined;
    const name = packageNameOf(specifier);
    if (from.type === 'contracts' && name !== 'zod' && name !== from.name && !isTest(file)) {
      return 'contracts import zod only';
    }
    return name === from.name || from.declared.includes(name) || this.#shared.has(name)
      ? undefined
      : `declare ${name} in ${from.folder}/package.json`;
  }
}

/** Models and their errors import no framework and no I/O, so their rules run anywhere. */
function modelRule(file: string, specifier: string): string | undefined {
  if (!isPure(file)) return undefined;
  return isPure(specifier) || packageNameOf(specifier) === '@fieldguide/problems'
    ? undefined
    : 'a model imports values from models, errors and @fieldguide/problems only';
}

/** Returns the pairs of packages that reach each other, each as `a ⇄ b`, sorted. */
export function cyclesOf(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    [...(edges.get(from) ?? [])].some(
      (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
    );
  return [...edges]
    .flatMap(([from, targets]) => [...targets].map((to) => [from, to] as const))
    .filter(([from, to]) => reaches(to, from))
    .map((pair) => [...pair].sort().join(' ⇄ '))
    .filter((pair, index, all) => all.indexOf(pair) === index)
    .sort();
}

const resolved = (file: string, specifier: string) => posix.join(posix.dirname(file), specifier);
const isBuiltin = (specifier: string) =>
  specifier.startsWith('node:') || builtinModules.includes(specifier);
const packageNameOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
