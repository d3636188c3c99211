import { createRequire } from 'node:module';
import { download } from './download.ts';

/** An artifact of Maven Central, as a lock file names it. */
export interface Jar {
  readonly groupId: string;
  readonly artifactId: string;
  readonly version: string;
  readonly bytes: number;
  readonly sha512: string;
}

// A CommonJS package with a default export: Node and Vite import it differently.
const { default: artifactUrl } = createRequire(import.meta.url)('mvn-artifact-url') as {
  default: (jar: Jar, repository?: string) => Promise<string>;
};

/** Returns the address of a jar in Maven Central, or in `FIELDGUIDE_MAVEN_REPOSITORY`. */
export function jarAddress(jar: Jar): Promise<string> {
  return artifactUrl(jar, process.env.FIELDGUIDE_MAVEN_REPOSITORY);
}

/** Downloads a jar, unless the file exists; verifies it in both cases. @throws CliError */
export function fetchJar(
  jar: Jar,
  file: string,
  onBytes?: (count: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const checksum = { algorithm: 'sha512', hex: jar.sha512 };
  return download(() => jarAddress(jar), file, checksum, onBytes, signal);
}
