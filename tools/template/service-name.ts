/** The forms in which a service's sources use its name. */
export interface ServiceName {
  /** Folder, topic, route: `reviews`. */
  readonly plural: string;
  /** The thing it owns: `review`. */
  readonly singular: string;
}

/**
 * Checks a service's name and derives the singular.
 * @throws Error that states what is not valid
 */
export function serviceName(plural: string, singular = singularOf(plural)): ServiceName {
  if (!/^[a-z]{3,20}$/.test(plural))
    throw new Error(`"${plural}" is not a valid service name: 3 to 20 lower-case letters.`);
  if (!/^[a-z]{2,20}$/.test(singular))
    throw new Error(`"${singular}" is not a valid entity name: 2 to 20 lower-case letters.`);
  if (plural === singular)
    throw new Error(`Name the service in the plural, or its entity with --entity: "${plural}".`);
  return { plural, singular };
}

function singularOf(plural: string): string {
  if (plural.endsWith('ies')) return `${plural.slice(0, -3)}y`;
  return plural.replace(/s$/, '');
}

/** Fills a template that is written for the service `reviews`, in a repository with the scope `@fieldguide`. */
export function fillTemplate(text: string, { plural, singular }: ServiceName, scope: string) {
  return text
    .replaceAll('@fieldguide/', `${scope}/`)
    .replaceAll('reviews', plural)
    .replaceAll('Reviews', capital(plural))
    .replaceAll('review', singular)
    .replaceAll('Review', capital(singular));
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
