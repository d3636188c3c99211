import type { Platform } from '@fieldguide/platform-controller/platform';

/** Returns the text that a completed start prints: addresses, a first order, commands. */
export async function readyScreen(platform: Platform): Promise<string> {
  const { gatewayUrl = '', providerUrl, environment } = platform;
  const token = await adasToken(gatewayUrl);
  return `
  Fieldguide is ready (environment: ${environment.name}).

  Shop             ${gatewayUrl}
  API to try       ${gatewayUrl}/docs
  Payment ledger   ${providerUrl}/ledger

${token ? placeOrder(gatewayUrl, token) : signIn}
  In another terminal:
    npx fieldguide explain ID        Show each step of the order
    npx fieldguide status --watch    Show apps and backing services with their health
    npx fieldguide logs -f ordering  Follow the logs of an app
    npm run demo                     Play a happy order, failures and a killed instance
    npx fieldguide --help            List all commands

  Ctrl-C stops everything.
`;
}

/** Returns a command to paste. Its idempotency key is unique per start, so that it places a new order. */
function placeOrder(gatewayUrl: string, token: string): string {
  return `  Place an order as Ada (the token is valid for ten minutes):

curl -s ${gatewayUrl}/orders \\
  -H 'authorization: Bearer ${token}' \\
  -H 'idempotency-key: first-order-${Date.now()}' \\
  -H 'content-type: application/json' \\
  -d '{"lines":[{"productId":"01900000-0000-7000-8000-000000000001","quantity":1}],
       "payment":{"token":"tok_ok"},
       "shipTo":{"name":"Ada","street":"1 Main St","city":"Bern",
                 "postalCode":"3000","country":"CH"}}'
`;
}

const signIn = `  This environment has no demo accounts: register with POST /auth/registrations,
  then sign in with POST /auth/tokens.
`;

async function adasToken(gatewayUrl: string): Promise<string | undefined> {
  const response = await fetch(`${gatewayUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grantType: 'password',
      email: 'ada@fieldguide.test',
      password: 'outdoor-gear',
    }),
    signal: AbortSignal.timeout(5_000),
  });
  return response.ok ? ((await response.json()) as { accessToken: string }).accessToken : undefined;
}
