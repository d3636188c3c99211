import { CliError } from '@fieldguide/platform-host/cli-error';
import { system } from '@fieldguide/platform-host/system';
import { tokenIssuerOf } from '@fieldguide/platform-model/roles';

const RESPONSE_TIMEOUT_MS = 15_000;

const { path: tokenPath } = tokenIssuerOf(system);

/**
 * Requests an access token of the client `operator` through the gateway.
 * @throws CliError with the title of the error response
 */
export async function operatorToken(gatewayUrl: string, clientSecret: string): Promise<string> {
  const body = { grantType: 'clientCredentials', clientId: 'operator', clientSecret };
  const response = await fetch(gatewayUrl + tokenPath, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
  });
  return (await readResponse<{ accessToken: string }>(response)).accessToken;
}

/**
 * @param hint the command that shows what there is, shown when the requested thing does not exist
 * @throws CliError with the title of the problem, when it is no success
 */
export async function readResponse<T>(response: Response, hint = 'fieldguide status'): Promise<T> {
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as T;
  throw new CliError(
    titleOf(text) ?? `The answer was ${response.status}.`,
    response.status < 500 ? hint : 'fieldguide logs -f',
  );
}

function titleOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { title?: string }).title;
  } catch {
    return text || undefined;
  }
}
