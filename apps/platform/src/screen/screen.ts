import type { Platform } from '../controller/platform.ts';

/** What a person sees when everything runs: where to look, a token to paste, what to try. */
export async function readyScreen(platform: Platform): Promise<string> {
  const { gatewayUrl, providerUrl, environment } = platform;
  const token = await adasToken(gatewayUrl ?? '');
  const example = `curl -s ${gatewayUrl}/orders -H "authorization: Bearer $TOKEN" -H "idempotency-key: my-first-order" \\
    -H "content-type: application/json" -d '{"lines":[{"productId":"01900000-0000-7000-8000-000000000001","quantity":1}],
    "payment":{"token":"tok_ok"},"shipTo":{"name":"Ada","street":"1 Main St","city":"Bern","postalCode":"3000","country":"CH"}}'`;
  const signIn = token
    ? `  TOKEN=${token}\n\n  (Ada's, for ten minutes; sign in again with POST /auth/tokens)`
    : '  register with POST /auth/registrations, sign in with POST /auth/tokens';
  return `
  Fieldguide is ready (environment: ${environment.name}).

  The shop        ${gatewayUrl}
  The API, to try ${gatewayUrl}/docs
  The provider    ${providerUrl}/ledger   (where the money went)

${signIn}

  Try:
    curl -s ${gatewayUrl}/products?category=sleep
    ${example}
    curl -s ${gatewayUrl}/orders/ID/timeline -H "authorization: Bearer $TOKEN"

  In another terminal: npm run demo
    npx fieldguide status --watch · logs -f ordering · explain ID · scale ordering 3 · push ordering
  All commands: npx fieldguide --help
  Ctrl-C stops everything.
`;
}

async function adasToken(gatewayUrl: string): Promise<string | undefined> {
  const answer = await fetch(`${gatewayUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grantType: 'password',
      email: 'ada@fieldguide.test',
      password: 'fieldguide',
    }),
    signal: AbortSignal.timeout(5_000),
  });
  return answer.ok ? ((await answer.json()) as { accessToken: string }).accessToken : undefined;
}
