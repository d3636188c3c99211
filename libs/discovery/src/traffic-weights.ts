/** The share of callers that get the instances of one version. */
export interface Share {
  /** The first characters of the artifact's digest. */
  readonly version: string;
  readonly percent: number;
}

/**
 * Reads weights such as `ordering:3f9a1c2b=5`: 5 % of the callers of ordering get instances whose artifact's digest begins
 * with 3f9a1c2b, the others those of any other version.
 * @throws Error that names the first part that is not valid
 */
export function parseWeights(text: string): ReadonlyMap<string, readonly Share[]> {
  const services = new Map<string, Share[]>();
  for (const part of text.split(',').filter((each) => each.trim())) {
    const match = /^\s*([a-z0-9-]+):([0-9a-z]+)=(\d+(?:\.\d+)?)\s*$/.exec(part);
    if (!match) throw new Error(`"${part}" is not SERVICE:DIGEST=PERCENT`);
    const [, service, version, percent] = match as unknown as [string, string, string, string];
    const shares = [...(services.get(service) ?? []), { version, percent: Number(percent) }];
    const sum = shares.reduce((total, each) => total + each.percent, 0);
    if (sum > 100) throw new Error(`the versions of ${service} have ${sum} %, more than 100 %`);
    services.set(service, shares);
  }
  return services;
}

/**
 * The share that a caller belongs to, always the same one: who has got a version keeps it while its share grows. Without
 * a caller it is random. @returns undefined for the versions that are not named
 */
export function shareOf(
  shares: readonly Share[],
  service: string,
  caller: string | undefined,
  random: () => number,
): Share | undefined {
  const at = caller === undefined ? random() * 100 : (hash(service + caller) % 10_000) / 100;
  let end = 0;
  return shares.find(({ percent }) => {
    end += percent;
    return at < end;
  });
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++)
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
