import { CliError } from '@fieldguide/platform-host/cli-error';

const ANSWER_WITHIN_MS = 15_000;

/**
 * An access token of the client `operator`, from identity through the gateway.
 * @throws CliError with the service's own words when it refuses
 */
export async function operatorToken(gatewayUrl: string, clientSecret: string): Promise<string> {
  const body = { grantType: 'clientCredentials', clientId: 'operator', clientSecret };
  const answer = await fetch(`${gatewayUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  return (await readAnswer<{ accessToken: string }>(answer)).accessToken;
}

/**
 * @param lookAt the command that shows what there is, shown when the requested thing does not exist
 * @throws CliError with the title of the problem, when it is no success
 */
export async function readAnswer<T>(answer: Response, lookAt = 'fieldguide status'): Promise<T> {
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text) as T;
  throw new CliError(
    titleOf(text) ?? `The answer was ${answer.status}.`,
    answer.status < 500 ? lookAt : 'fieldguide logs -f',
  );
}

function titleOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { title?: string }).title;
  } catch {
    return text || undefined;
  }
}
