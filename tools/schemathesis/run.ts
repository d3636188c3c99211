// Part of `npm run verify`: Schemathesis (PyPI) sends valid and invalid generated requests to every operation in
// /openapi.json, as a customer and as staff. Fails on a 5xx response, when an operation ignores its authentication, and when
// a response or its status is not in the document.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonWithSchemathesis } from './python.ts';
import { type System, startSystem } from './system.ts';

const SKIPPED = 77;
const examples = process.env['FIELDGUIDE_EXAMPLES'] ?? '50';
const checks = [
  'not_a_server_error',
  'ignored_auth',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
];
const options = [
  ...['--checks', checks.join(',')],
  ...['--seed', '1', '--max-examples', examples, '--generation-database', 'none'],
  ...['--request-timeout', '20', '--continue-on-failure', '--no-color'],
];
// Signing out and erasing the account end the session: they run last, with their own token.
const rounds = [
  ['customer', '--exclude-method', 'DELETE'],
  ['staff', '--exclude-method', 'DELETE'],
  ['customer', '--include-method', 'DELETE'],
  ['staff', '--include-method', 'DELETE'],
] as const;

async function main(): Promise<number> {
  const python = pythonWithSchemathesis();
  if (!python) {
    console.error('SKIPPED: Schemathesis needs Python 3.11 or newer with venv, as python3.');
    return SKIPPED;
  }
  const system = await startSystem('schemathesis');
  process.once('SIGINT', () => void system.stop());
  try {
    const document = await savedDocument(system);
    let failures = 0;
    for (const [kind, ...filter] of rounds) {
      console.log(`\n▸ as ${kind}: ${filter.join(' ')}`);
      const authorization = `Authorization: Bearer ${await system.token(kind)}`;
      const target = ['run', document, '--url', system.gatewayUrl];
      const args = ['-m', 'schemathesis.cli', ...target, ...options, ...filter];
      const child = spawn(python, [...args, '--header', authorization], {
        cwd: system.folder,
        stdio: 'inherit',
      });
      const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
      if (code !== 0) failures += 1;
    }
    return failures === 0 ? 0 : 1;
  } finally {
    await system.stop();
  }
}

/** Saves the served document with the ids of existing products: with generated ids, no order would ever be placed. */
async function savedDocument({ gatewayUrl, folder }: System): Promise<string> {
  const request = async (path: string) => {
    const response = await fetch(gatewayUrl + path, { signal: AbortSignal.timeout(10_000) });
    return response.text();
  };
  const { items } = JSON.parse(await request('/products')) as { items: { id: string }[] };
  const existing = { type: 'string', enum: items.map(({ id }) => id) };
  const document = JSON.parse(await request('/openapi.json'), (key, value) => {
    if (key === 'productId' && typeof value === 'object') return existing; // not in an example
    // Zod's pattern is the rule for e-mail addresses; Schemathesis' own rule for the format is stricter.
    if (value?.format === 'email' && value.pattern) return { ...value, format: undefined };
    return value?.name === 'productId' ? { ...value, schema: existing } : value;
  });
  const file = join(folder, 'openapi.json');
  writeFileSync(file, JSON.stringify(document));
  return file;
}

process.exitCode = await main();
