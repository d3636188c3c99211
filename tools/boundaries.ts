// Who may import whom (docs/adr/0002). Run by `npm run check`; each rule is broken once in boundaries.spec.ts.
import { globSync, readFileSync } from 'node:fs';

/** Groups of libs from the ground up; a lib may import libs of an earlier group only. */
const groups: readonly (readonly string[])[] = [
  ['clock', 'problems', 'config', 'telemetry'],
  ['database'],
  ['event-store', 'messaging'],
  ['discovery', 'resilience', 'auth'],
  ['service'],
  ['contract-testing'],
];
/** The platform's packages from the ground up; each may import earlier ones only. */
const platform = ['model', 'host', 'contract-record', 'controller', 'cli'];
/** The storefront has no app yet: what it expects is tested beside its client. */
const isContractTest = (file: string) => /^contracts\/[^/]+\/pact\//.test(file);
const groupOf = (lib: string) => groups.findIndex((group) => group.includes(lib));
const libs = new Set(groups.flat());

/** What is wrong with this import, or undefined. Paths are relative to the root, with forward slashes. */
export function violation(file: string, specifier: string): string | undefined {
  const from = placeOf(file);
  const to = targetOf(file, specifier);
  if (isContractTest(file)) return undefined;
  if (!from || !to || (from.kind === to.kind && from.name === to.name)) return undefined;
  const says = (rule: string) => `${file} imports ${specifier}: ${rule}`;

  if (specifier.startsWith('.'))
    return says('another project is imported by its name, not by its path');
  if (to.kind === 'app') return says('nobody imports an app');
  if (to.kind === 'system' && from.kind !== 'e2e' && from.kind !== 'tools')
    return says('only tools and tests import the map of the system');
  if (from.kind === 'system' && to.kind !== 'contracts' && to.name !== 'model')
    return says('the map imports contracts and the model only');
  if (to.kind === 'platform' && (from.kind === 'app' || from.kind === 'lib'))
    return says('apps and libs know no platform');
  if (from.kind === 'platform' && to.kind === 'platform') {
    return platform.indexOf(to.name) < platform.indexOf(from.name)
      ? undefined
      : says('a package of the platform imports earlier ones only');
  }
  if (from.kind === 'platform' && to.kind === 'lib') return says('the platform knows no lib');
  if (from.kind === 'contracts') return says('contracts import zod only');
  if (from.kind === 'lib' && to.kind === 'contracts') return says('libs know no contract');
  if (from.kind === 'lib' && to.kind === 'lib' && groupOf(to.name) >= groupOf(from.name)) {
    return says('a lib imports libs of an earlier group only');
  }
  return undefined;
}

/** Rules about npm packages. */
export function foreignViolation(file: string, specifier: string): string | undefined {
  const isOwn = specifier.startsWith('.') || specifier.startsWith('@fieldguide/');
  if (file.startsWith('contracts/') && !isContractTest(file) && !isOwn && specifier !== 'zod') {
    return `${file} imports ${specifier}: contracts import zod only`;
  }
  const isModel =
    /^apps\/[^/]+\/src\/(order|checkout)\/[^/]+\.ts$/.test(file) && !file.endsWith('.spec.ts');
  if (isModel && /^(@nestjs|typeorm|pg|node:)/.test(specifier)) {
    return `${file} imports ${specifier}: a model is pure, without framework and I/O`;
  }
  return undefined;
}

type Place = {
  kind: 'app' | 'lib' | 'platform' | 'contracts' | 'system' | 'e2e' | 'tools';
  name: string;
};

function placeOf(path: string): Place | undefined {
  const [top = '', name = ''] = path.split('/');
  if (top === 'apps') return { kind: 'app', name };
  if (top === 'libs') return { kind: 'lib', name };
  if (top === 'platform') return { kind: 'platform', name };
  return top === 'contracts' || top === 'system' || top === 'e2e' || top === 'tools'
    ? { kind: top, name: '' }
    : undefined;
}

function targetOf(file: string, specifier: string): Place | undefined {
  if (specifier.startsWith('.'))
    return placeOf(new URL(specifier, `file:///${file}`).pathname.slice(1));
  const name = /^@fieldguide\/([^/]+)/.exec(specifier)?.[1];
  if (!name) return undefined;
  if (name === 'contracts' || name === 'system') return { kind: name, name: '' };
  if (name.startsWith('platform-')) return { kind: 'platform', name: name.slice(9) };
  return { kind: libs.has(name) ? 'lib' : 'app', name };
}

if (import.meta.main) {
  const files = globSync(
    ['apps/**/*.ts', 'libs/**/*.ts', 'platform/**/*.ts', 'contracts/**/*.ts', 'system/**/*.ts'],
    {
      exclude: (path) => path.includes('node_modules'),
    },
  );
  const faults = files.flatMap((path) => {
    const file = path.replaceAll('\\', '/');
    const imports = readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g);
    return [...imports].flatMap(([, specifier]) =>
      [violation(file, specifier!) ?? [], foreignViolation(file, specifier!) ?? []].flat(),
    );
  });
  for (const fault of faults) console.error(fault);
  process.exit(faults.length > 0 ? 1 : 0);
}
