import { CliError } from '@fieldguide/platform-host/cli-error';
import { system } from '@fieldguide/platform-host/system';
import { tokenIssuerOf } from '@fieldguide/platform-model/roles';
import type { Platform } from './platform.ts';

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

/** Calls apps as the client `operator`. A token is requested, or renewed, when an app refuses the present one. */
export class OperatorRequests {
  readonly #platform: Pick<Platform, 'gatewayUrl' | 'secrets'>;
  #token: string | undefined;

  constructor(platform: Pick<Platform, 'gatewayUrl' | 'secrets'>) {
    this.#platform = platform;
  }

  async fetch(url: string, init: Omit<RequestInit, 'headers'> & { headers?: object } = {}) {
    const send = () => {
      const authorization = this.#token && { authorization: `Bearer ${this.#token}` };
      return fetch(url, { ...init, headers: { ...init.headers, ...authorization } });
    };
    const response = await send();
    const { gatewayUrl, secrets } = this.#platform;
    if (response.status !== 401 || !gatewayUrl) return response;
    this.#token = await operatorToken(gatewayUrl, secrets.clients['operator']!);
    return send();
  }
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
