import { readFileSync } from 'node:fs';
import { ProcessConfig } from '@fieldguide/config';
import { Injectable } from '@nestjs/common';

/** The running build: read from the artifact, returned by `/info`. */
@Injectable()
export class BuildInfo {
  readonly version: string;
  readonly commit: string;
  readonly digest: string;
  readonly startedAt = new Date(performance.timeOrigin).toISOString();
  readonly instance: string;

  constructor({ INSTANCE }: ProcessConfig) {
    const { version, commit, digest } = readArtifact();
    this.version = version;
    this.commit = commit;
    this.digest = digest;
    this.instance = INSTANCE;
  }

  /** What runs: the digest of the artifact, or the version without one. */
  get release(): string {
    return this.digest === 'source' ? this.version : this.digest;
  }
}

/** There is no artifact when running from source. */
function readArtifact(): Pick<BuildInfo, 'version' | 'commit' | 'digest'> {
  try {
    return JSON.parse(readFileSync(new URL('./artifact.json', import.meta.url), 'utf8'));
  } catch {
    return { version: 'source', commit: 'source', digest: 'source' };
  }
}
