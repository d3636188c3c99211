import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { webAppNames } from '@fieldguide/platform-host/apps';
import type { Environment } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { webAppOf } from '@fieldguide/platform-model/derive';
import type { DesiredState } from './desired.ts';
import { artifactOf } from './stager/stage.ts';

/** A link to the artifact in use: its path stays the same, so that no instance restarts for other files. */
const linkOf = (environment: Environment, name: string) => environment.path(join('web', name));

/** Returns where an app, or the platform, finds the files of the web application that it serves. */
export function webFolderOf(environment: Environment, servedBy: string): string | undefined {
  const name = webAppOf(system, servedBy);
  return name && linkOf(environment, name);
}

/** Lets the link of each web application lead to the artifact that should be in use; a request sees the old or the new one. */
export function linkWebFiles(environment: Environment, desired: DesiredState): void {
  environment.privateFolder('web');
  for (const name of webAppNames) {
    const { digest } = desired.artifact(name);
    if (!digest) continue;
    const link = linkOf(environment, name);
    const next = `${link}.next`;
    rmSync(next, { force: true });
    symlinkSync(artifactOf(name, digest).folder, next, 'junction');
    renameSync(next, link);
  }
}
