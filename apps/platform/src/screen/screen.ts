import Table from 'cli-table3';
import type { Platform } from '../controller/platform.ts';
import type { Status } from '../controller/status.ts';

const plain = { head: [], border: [], compact: true };

/** What a person sees when everything runs: where to look, a token to paste, what to try. */
export async function readyScreen(platform: Platform): Promise<string> {
  const { gatewayUrl, providerUrl, environment } = platform;
  const token = await adasToken(gatewayUrl);
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

  In another terminal: npm run status · npm run logs -- -f ordering · npm run reset · npm run stop
  Ctrl-C stops everything.
`;
}

export function statusTable({ instances, backing, gatewayUrl, environment }: Status): string {
  const apps = new Table({
    head: ['instance', 'health', 'version', 'digest', 'address', 'pid', 'memory', 'up'],
    style: plain,
  });
  for (const { id, health, version, digest, url, pid, memoryMb, upSeconds } of instances) {
    apps.push([
      id,
      health,
      version,
      digest,
      url,
      pid,
      memoryMb ? `${memoryMb} MB` : '–',
      `${upSeconds} s`,
    ]);
  }
  const behind = new Table({
    head: ['backing service', 'version', 'from', 'address'],
    style: plain,
  });
  for (const { name, version, origin, url } of backing) behind.push([name, version, origin, url]);
  return `${environment}: ${gatewayUrl}\n${apps.toString()}\n${behind.toString()}`;
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
