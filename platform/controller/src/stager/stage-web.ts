import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { artifactsFolder, type Environment } from '@fieldguide/platform-host/environment';
import { Child } from '@fieldguide/platform-host/processes/child';
import { sourcesOf } from './sources.ts';

/** Returns the folder with the built files of a web package, named after its sources. It may not exist yet. */
export function webArtifactOf(folder: string): string {
  const sources = sourcesOf({ folder, spec: {} });
  return join(artifactsFolder, basename(folder), sources.slice(0, 16));
}

/** Builds the present sources of a web package with Vite, in a process of its own. @throws CliError with its output */
export async function stageWeb(folder: string, environment: Environment): Promise<string> {
  const artifact = webArtifactOf(folder);
  if (existsSync(artifact)) return artifact;
  const all = dirname(artifact);
  const building = join(all, `.building-${process.pid}`);
  mkdirSync(all, { recursive: true });
  const vite = createRequire(join(folder, 'package.json')).resolve('vite/package.json');
  const child = Child.spawn({
    name: `${basename(folder)} build`,
    command: process.execPath,
    args: [join(dirname(vite), 'bin/vite.js'), 'build', '--outDir', building, '--emptyOutDir'],
    cwd: folder,
    logFile: environment.logFile('stage'),
  });
  await child.exited;
  if (child.outcome !== 'exit code 0')
    throw new CliError(
      `${basename(folder)} cannot be built:\n${child.recentOutput()}`,
      'npm run check shows faults in the sources',
    );
  if (existsSync(artifact)) rmSync(building, { recursive: true });
  else renameSync(building, artifact);
  const older = readdirSync(all).filter(
    (each) => !each.startsWith('.') && each !== basename(artifact),
  );
  for (const name of older) rmSync(join(all, name), { recursive: true, force: true });
  return artifact;
}
