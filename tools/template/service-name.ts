import { globSync, readFileSync } from 'node:fs';

/** The forms in which a service's sources use its name. */
export interface ServiceName {
  /** Folder, topic, route: `reviews`. */
  readonly plural: string;
  /** The thing it owns: `review`. */
  readonly singular: string;
}

/**
 * Checks a service's name and derives the singular. A name without a plural, such as `loyalty`, is both.
 * @throws Error that states what is not valid
 */
export function serviceName(plural: string, singular = singularOf(plural)): ServiceName {
  if (!/^[a-z]{3,20}$/.test(plural))
    throw new Error(`"${plural}" is not a valid service name: 3 to 20 lower-case letters.`);
  if (!/^[a-z]{2,20}$/.test(singular))
    throw new Error(`"${singular}" is not a valid entity name: 2 to 20 lower-case letters.`);
  return { plural, singular };
}

/**
 * Checks that the platform's sources do not use a name as a word: `system/platform-names.spec.ts` would count that word
 * as the name of a service.
 * @throws Error that names the file
 */
export function assertNoPlatformWord(name: string): void {
  const word = new RegExp(`(?<![A-Za-z0-9])${name}(?![A-Za-z0-9])`);
  const file = globSync('platform/*/{src,bin}/**/*.{ts,mjs}').find((each) =>
    word.test(readFileSync(each, 'utf8')),
  );
  if (file)
    throw new Error(
      `"${name}" is a word of the platform (${file}), which names no service: choose a more specific name.`,
    );
}

function singularOf(plural: string): string {
  if (plural.endsWith('ies')) return `${plural.slice(0, -3)}y`;
  return plural.replace(/(?<!s)s$/, '');
}

export const pluralOf = (singular: string) =>
  singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
