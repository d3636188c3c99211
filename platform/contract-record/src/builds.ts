import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pacticipantOf } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { home, root } from '@fieldguide/platform-host/environment';
import { z } from 'zod';
import type { Build } from './contracts.ts';
import { contractVersion } from './open-contracts.ts';

const PACTS = join(root, 'contracts', 'pacts');
export const RESULTS = join(home, 'pact-results');
/** The tested sources: app or web application → fingerprint. */
export const TESTED = join(home, 'pact-tested.json');

const Pact = z.object({
  consumer: z.object({ name: z.string() }),
  provider: z.object({ name: z.string() }),
});
const Result = z.object({
  consumer: z.string(),
  provider: z.string(),
  pact: z.string(),
  ok: z.boolean(),
});

/** Identifies a pact by its content: the same text is the same pact, independent of the version that publishes it. */
export const fingerprint = (text: string) =>
  createHash('sha256').update(text).digest('hex').slice(0, 12);

/** The fields of a staged artifact that determine its version in contracts. */
export interface StagedBuild {
  readonly name: string;
  readonly digest: string;
  /** Fingerprint of the sources. */
  readonly sources: string;
}

/**
 * Returns the results of the last `npm run test:pact` for the current sources, as builds to publish.
 * @param artifacts of apps and of web applications; one without a name in contracts is left out
 * @throws CliError when other sources were tested, or none
 */
export function testedBuilds(artifacts: readonly StagedBuild[], branch = currentBranch()): Build[] {
  if (!existsSync(TESTED))
    throw new CliError('No contract test results were found.', 'run npm run test:pact');
  const tested = JSON.parse(readFileSync(TESTED, 'utf8')) as Record<string, string>;
  const pacts = readdirSync(PACTS).map((name) => {
    const file = join(PACTS, name);
    const text = readFileSync(file, 'utf8');
    return { ...Pact.parse(JSON.parse(text)), pact: fingerprint(text), file };
  });
  const results = readdirSync(RESULTS).map((name) =>
    Result.parse(JSON.parse(readFileSync(join(RESULTS, name), 'utf8'))),
  );
  const buildOf = (pacticipant: string, version: string): Build => ({
    pacticipant,
    version,
    branch,
    expects: pacts
      .filter(({ consumer }) => consumer.name === pacticipant)
      .map(({ provider, pact, file }) => ({ provider: provider.name, pact, file })),
    verified: results
      .filter(({ provider }) => provider === pacticipant)
      .map(({ consumer, pact, ok }) => ({ consumer, pact, success: ok })),
  });
  const builds: Build[] = [];
  for (const { name, digest, sources } of artifacts) {
    const pacticipant = pacticipantOf(name);
    if (pacticipant === undefined) continue;
    if (tested[name] !== sources)
      throw new CliError(
        `The sources of ${name} have changed since the last contract test.`,
        'run npm run test:pact, then publish again',
      );
    builds.push(buildOf(pacticipant, contractVersion(digest)));
  }
  return builds;
}

function currentBranch(): string {
  try {
    const args = ['rev-parse', '--abbrev-ref', 'HEAD'];
    return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'main'; // not a clone
  }
}
