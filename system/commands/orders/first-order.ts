import type { StartText } from '@fieldguide/platform-model/plugin';

const RESPONSE_TIMEOUT_MS = 5_000;

/** Returns a request that places an order, and the commands that show it. */
export async function firstOrder(
  gatewayUrl: string,
  providerUrl: string | undefined,
): Promise<StartText> {
  const token = await adasToken(gatewayUrl);
  return {
    addresses: providerUrl ? [['Payment ledger', `${providerUrl}/ledger`]] : [],
    text: token ? placeOrder(gatewayUrl, token) : signIn,
    commands: [
      ['npx fieldguide explain ID', 'Show each step of the order'],
      ['npx fieldguide logs -f ordering', 'Follow the logs of an app'],
      ['npm run demo', 'Play a happy order, failures and a killed instance'],
    ],
  };
}

/** Returns a command to paste. Its idempotency key is unique per start, so that it places a new order. */
function placeOrder(gatewayUrl: string, token: string): string {
  return `  Place an order as Ada (the token is valid for five minutes):

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
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
  });
  return response.ok ? ((await response.json()) as { accessToken: string }).accessToken : undefined;
}
