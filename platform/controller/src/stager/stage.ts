import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { basename, join } from 'node:path';
import type { App, WebApp } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import {
  artifactsFolder,
  environmentsFolder,
  root,
  writeFileSafely,
} from '@fieldguide/platform-host/environment';
import { digestsIn } from '../desired.ts';
import { bundleWebApp } from './bundle-web-app.ts';
import { sourcesOf } from './sources.ts';

type Stageable = Pick<App, 'name' | 'folder' | 'version'> & { readonly spec: object };

/** What runs: one folder with one bundle, named after the digest of its content and never changed. */
export interface Artifact {
  readonly name: string;
  readonly version: string;
  readonly commit: string;
  /** sha256 over the bundle and its assets: the same sources give the same digest. */
  readonly digest: string;
  readonly sources: string;
  readonly folder: string;
}

const ARTIFACTS_KEPT = 3;
const MAP = 'main.cjs.map';
const METADATA = 'artifact.json';
const compileCaches = join(artifactsFolder, '..', 'compile-cache');

/** Returns the artifact that is made of the present sources, also when others were staged since. */
export function staged(app: Stageable): Artifact | undefined {
  const appArtifacts = join(artifactsFolder, app.name);
  const files = globSync(['current.json', `*/${METADATA}`], { cwd: appArtifacts });
  const sources = files.length > 0 && sourcesOf(app);
  for (const file of files) {
    const artifact = JSON.parse(readFileSync(join(appArtifacts, file), 'utf8')) as Artifact;
    const folder = join(appArtifacts, artifact.digest.slice(0, 16));
    const isThere = existsSync(join(folder, METADATA));
    if (artifact.sources === sources && isThere) return { ...artifact, folder };
  }
  return undefined;
}

/**
 * Makes the artifact of an app, or finds that the present one is made of the same sources.
 * @param sourceMap puts a source map beside the bundle; the artifact is the same with it and without
 */
export async function stage(
  app: App | WebApp,
  sourceMap = false,
): Promise<{ artifact: Artifact; fresh: boolean }> {
  const present = staged(app);
  if (present && (!sourceMap || hasSourceMap(present))) return { artifact: present, fresh: false };
  const appArtifacts = join(artifactsFolder, app.name);
  const sources = sourcesOf(app);
  const building = join(appArtifacts, `.building-${process.pid}`);
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { recursive: true });
  await staging(app, async () => {
    if ('servedBy' in app.spec) return bundleWebApp(app, building);
    await bundle(app, building, sourceMap);
    copyAssets(app, building, app.spec.assets);
  });
  const digest = digestOf(building);
  const { name, version } = app;
  const metadata = { name, version, commit: commit(), digest, sources };
  writeFileSync(join(building, METADATA), `${JSON.stringify(metadata, null, 2)}\n`);
  const folder = join(appArtifacts, digest.slice(0, 16));
  if (!existsSync(folder)) renameSync(building, folder);
  else {
    if (sourceMap) renameSync(join(building, MAP), join(folder, MAP));
    rmSync(building, { recursive: true });
  }
  writeFileSafely(join(appArtifacts, 'current.json'), JSON.stringify(metadata));
  prune(appArtifacts, [folder, ...desiredDigests(appArtifacts)]);
  return { artifact: { ...metadata, folder }, fresh: true };
}

/** For a debugger. */
export function hasSourceMap({ folder }: Artifact): boolean {
  return existsSync(join(folder, MAP));
}

async function staging({ name }: Stageable, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new CliError(
      `${name} cannot be staged: ${(error as Error).message}`,
      'npm run check shows faults in the sources',
      error,
    );
  }
}

async function bundle(app: Stageable, folder: string, sourceMap: boolean): Promise<void> {
  // Loaded here only: it holds on to hundreds of megabytes, which a platform that stages nothing need not have.
  const { rolldown } = await import('rolldown');
  const declared = dependenciesOf(app);
  const build = await rolldown({
    cwd: root,
    input: join(app.folder, 'src', 'main.ts'),
    platform: 'node',
    tsconfig: join(root, 'tsconfig.json'),
    resolve: { conditionNames: ['node'] },
    external: (id) => builtin.has(id) || (optional.test(id) && !declared.has(id)),
    logLevel: 'silent',
  });
  const file = join(folder, 'main.cjs');
  await build.write({
    file,
    format: 'cjs', // Node keeps two copies of the source of an ES module, and one of this
    sourcemap: sourceMap && 'hidden',
    codeSplitting: false,
    keepNames: true,
    minify: false,
  });
  await build.close();
  writeFileSync(file, `${escaped(readFileSync(file, 'utf8'))}//# sourceMappingURL=${MAP}\n`);
}

function dependenciesOf({ folder }: Stageable): Set<string> {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return new Set(Object.keys(dependencies));
}

/** One character beyond Latin-1 makes V8 keep the whole source at two bytes a letter: 8 MB for each process. */
function escaped(source: string): string {
  return source.replaceAll(
    /[^\0-\xff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const builtin = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);

// Optional peers that libraries look for at run time. Only one that the app declares is bundled: whether another happens
// to be installed must not change the digest.
const optional =
  /^(@nestjs\/(websockets|platform-express|axios|mongoose|sequelize|typeorm)|@grpc\/.*|class-(validator|transformer)|mqtt|nats|@nats-io\/.*|ioredis|amqp.*|pg-native|@mikro-orm\/.*|mongoose|sequelize|@prisma\/client|react-native-sqlite-storage|@sap\/.*|mysql2?|mssql|oracledb|better-sqlite3|sql\.js|redis|mongodb|typeorm-aurora.*|@google-cloud\/spanner|expo-sqlite|hdb-pool|pg-query-stream|sqlite3|swagger-ui-dist|@fastify\/(view|static)|cache-manager|swagger-ui-express|pino-pretty|@mongodb-js\/zstd|snappy|socks|kerberos|gcp-metadata|supports-color|aws4|mongodb-client-encryption)(\/|$)/;

function copyAssets(
  { folder: app }: Stageable,
  folder: string,
  assets: readonly string[] = [],
): void {
  const require = createRequire(join(app, 'package.json'));
  for (const asset of assets) {
    mkdirSync(join(folder, 'assets'), { recursive: true });
    copyFileSync(require.resolve(asset), join(folder, 'assets', basename(asset)));
  }
}

/** Computes the digest of an artifact from its files. */
export function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== MAP && entry.name !== METADATA)
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  for (const file of files) hash.update(basename(file)).update(readFileSync(file));
  return hash.digest('hex');
}

/** `FIELDGUIDE_COMMIT` replaces git where there is none, as in an image build. */
function commit(): string {
  if (process.env.FIELDGUIDE_COMMIT) return process.env.FIELDGUIDE_COMMIT;
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    return (
      git('rev-parse', 'HEAD') +
      (git('status', '--porcelain', '--untracked-files=no') ? '-dirty' : '')
    );
  } catch {
    return 'unknown';
  }
}

/** An artifact that was staged before. @throws CliError when it has been removed since */
export function artifactOf(name: string, digest: string): Artifact {
  const folder = join(artifactsFolder, name, digest.slice(0, 16));
  const file = join(folder, METADATA);
  if (!existsSync(file)) {
    throw new CliError(
      `The artifact ${digest.slice(0, 8)} of ${name} is not there any more.`,
      `fieldguide push ${name} makes one of the present sources`,
    );
  }
  return { ...(JSON.parse(readFileSync(file, 'utf8')) as Artifact), folder };
}

/** What some environment runs, or may go back to. */
function desiredDigests(appArtifacts: string): string[] {
  const files = globSync('*/desired.json', { cwd: environmentsFolder });
  return files
    .flatMap((file) => digestsIn(readFileSync(join(environmentsFolder, file), 'utf8')))
    .map((digest) => join(appArtifacts, digest.slice(0, 16)));
}

/** What V8 has made of an artifact's code; it goes with the artifact. */
export function compileCacheOf({ name, digest }: Artifact): string {
  return join(compileCaches, name, digest.slice(0, 16));
}

/** Keeps a few more artifacts; the oldest go. */
function prune(appArtifacts: string, kept: readonly string[]): void {
  const older = readdirSync(appArtifacts)
    .map((name) => join(appArtifacts, name))
    .filter((path) => !kept.includes(path) && existsSync(join(path, METADATA)))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const path of older.slice(ARTIFACTS_KEPT - 1)) {
    rmSync(path, { recursive: true, force: true });
    const cache = join(compileCaches, basename(appArtifacts), basename(path));
    rmSync(cache, { recursive: true, force: true });
  }
}
