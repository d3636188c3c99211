const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const HEADERS = 'OTEL_EXPORTER_OTLP_HEADERS';
// Each app has its own name.
const OF_ONE_APP = ['OTEL_SERVICE_NAME', 'OTEL_RESOURCE_ATTRIBUTES'];

/** Where the apps send their traces, by the environment of the platform: an address, the platform, or nowhere. */
export function destinationOf(given = process.env): 'platform' | 'off' | (string & {}) {
  const endpoint = given[ENDPOINT];
  if (given['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || endpoint === '') return 'off';
  return endpoint ?? 'platform';
}

/**
 * Returns the variables of an instance: the user's `OTEL_*`, and the address and token of the platform's receiver when
 * the user has set no other address.
 */
export function telemetryEnvironment(
  receiver: { readonly url: string; readonly token: string } | undefined,
  given = process.env,
): Record<string, string> {
  const destination = destinationOf(given);
  const own = Object.entries(given).filter(
    (each): each is [string, string] =>
      /^OTEL_/.test(each[0]) && Boolean(each[1]) && !OF_ONE_APP.includes(each[0]),
  );
  const variables = Object.fromEntries(own);
  if (destination === 'off') delete variables[ENDPOINT];
  if (destination !== 'platform' || !receiver) return variables;
  const authorization = encodeURIComponent(`Bearer ${receiver.token}`);
  return {
    ...variables,
    [ENDPOINT]: receiver.url,
    [HEADERS]: `authorization=${authorization}`,
  };
}
