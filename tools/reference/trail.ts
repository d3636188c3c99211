// Finds the files that process a request, from decorators, constructors and imports; README shows those of POST /orders.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { routes } from '@fieldguide/contracts/gateway/routes';

const ROUTES = 'contracts/gateway/routes.ts';
const LINES_MAX = 150;
const [BEGIN, END] = ['<!-- trail -->', '<!-- /trail -->'];

/** A file of the trail with its role. */
export interface Station {
  readonly file: string;
  readonly role: string;
}

/** Returns README with the trail of an order between its markers, if it has them. */
export function readmeWithTrail(readme: string): string {
  const trail = new RegExp(`${BEGIN}[\\s\\S]*${END}`);
  if (!trail.test(readme)) return readme;
  const lines = trailOf('POST', '/orders').map(
    ({ file, role }, index) => `${index + 1}. [${file}](${file}): ${role}`,
  );
  return readme.replace(trail, [BEGIN, ...lines, END].join('\n'));
}

/**
 * Lists the files from the gateway's route over the proxy, the controller, its injected classes and their models to the
 * publisher of the events.
 * @throws Error when a file but the table of routes is longer than 150 lines, or a step is missing
 */
export function trailOf(method: string, path: string): Station[] {
  const route = routes.find((each) => each.method === method && each.path === path);
  if (!route) throw new Error(`The gateway has no route ${method} ${path}`);
  const sources = sourcesOf(`apps/${route.to}/src`);
  const controller = controllerOf(sources, method, path);
  const injected = injectedInto(controller, sources);
  const models = new Set(injected.flatMap(({ file }) => modelsFrom(file)));
  const publishers = sources.filter((file) => /EventTranslation</.test(read(file)));
  const trail = [
    { file: ROUTES, role: 'the public surface as one table' },
    ...proxyFiles(),
    { file: controller, role: `receives ${method} ${path}; checks scope, headers and body` },
    ...injected,
    ...[...models].map((file) => ({ file, role: 'rules without I/O' })),
    ...publishers.map((file) => ({ file, role: 'translates stored events into messages' })),
  ];
  // The table of routes grows with the system.
  const long = trail.slice(1).filter(({ file }) => read(file).split('\n').length - 1 > LINES_MAX);
  if (long.length > 0 || publishers.length === 0)
    throw new Error(
      `The trail of ${method} ${path} ${long[0] ? `has ${long[0].file} with more than ${LINES_MAX} lines` : 'ends without a publisher'}`,
    );
  return trail;
}

/** Finds the files that register the table as Fastify routes and handle them. */
function proxyFiles(): Station[] {
  const registering = sourcesOf('apps/gateway/src').filter(
    (file) => /contracts\/gateway\/routes'/.test(read(file)) && /\.route\(/.test(read(file)),
  );
  // Of one folder: the cache of public reads is not on the way of a write.
  const handling = registering.flatMap((file) =>
    injectedInto(file, sourcesOf('apps/gateway/src')).filter(
      (each) => posix.dirname(each.file) === posix.dirname(file),
    ),
  );
  return [
    ...registering.map((file) => ({ file, role: 'checks token, rate limit and body size' })),
    ...handling.map(({ file }) => ({ file, role: 'forwards to a healthy instance' })),
  ];
}

function controllerOf(sources: readonly string[], method: string, path: string): string {
  const verb = `${method[0]}${method.slice(1).toLowerCase()}`;
  const found = sources.find((file) => {
    const text = read(file);
    return text.includes(`@Controller('${path.slice(1)}')`) && text.includes(`@${verb}()`);
  });
  if (!found) throw new Error(`No controller for ${method} ${path}`);
  return found;
}

/** Finds the service's injected classes, recursively; for an abstract class, the one that the module provides. */
function injectedInto(
  file: string,
  sources: readonly string[],
  seen = new Set<string>(),
): Station[] {
  const [, parameters = ''] = /constructor\(([^)]*)\)/.exec(read(file)) ?? [];
  const types = [...parameters.matchAll(/: (\w+)/g)].map(([, type]) => type!);
  return importsOf(file)
    .filter(({ names, target }) => names.some((name) => types.includes(name)) && !isConfig(target))
    .map(({ names, target }) => implementationOf(names, sources) ?? target)
    .flatMap((target) => {
      if (seen.has(target)) return [];
      seen.add(target);
      const role = `injected into ${posix.basename(file)}`;
      return [{ file: target, role }, ...injectedInto(target, sources, seen)];
    });
}

function implementationOf(
  names: readonly string[],
  sources: readonly string[],
): string | undefined {
  for (const file of sources.filter((each) => each.endsWith('.module.ts'))) {
    for (const [, name, used] of read(file).matchAll(/provide: (\w+), useClass: (\w+)/g))
      if (names.includes(name!))
        return importsOf(file).find((each) => each.names.includes(used!))?.target;
  }
  return undefined;
}

function modelsFrom(file: string): string[] {
  const models = importsOf(file)
    .map(({ target }) => target)
    .filter((target) => target.endsWith('.model.ts'));
  return models.flatMap((model) => [model, ...modelsFrom(model)]);
}

/** Finds relative value imports with the imported names. */
function importsOf(file: string): { names: string[]; target: string }[] {
  return [...read(file).matchAll(/^import \{([^}]*)\} from '(\.[^']+)'/gm)]
    .map(([, names, specifier]) => ({
      names: names!
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name && !name.startsWith('type ')),
      target: posix.normalize(join(dirname(file), specifier!).replaceAll('\\', '/')),
    }))
    .filter(({ names }) => names.length > 0);
}

const read = (file: string) => readFileSync(file, 'utf8');
const isConfig = (file: string) => file.endsWith('.config.ts');
const sourcesOf = (folder: string) =>
  globSync(`${folder}/**/*.ts`, { exclude: (name) => name.endsWith('.spec.ts') }).map((file) =>
    file.replaceAll('\\', '/'),
  );
