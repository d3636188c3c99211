// `npm run test:pact`: generates the pacts of the consumers, which must equal the committed ones, then verifies the
// providers against the committed pacts. Never against generated ones: a provider's change would rewrite its contract.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { TESTED } from '@fieldguide/platform-contract-record/builds';
import { sourcesOf } from '@fieldguide/platform-controller/stager/sources';
import { apps, webApps } from '@fieldguide/platform-host/apps';
import { Command } from 'commander';
import { commit, differences, GENERATED } from './pact-files.ts';
import { RESULTS, readResults } from './results.ts';
import { run } from './run.ts';

const { update, provider } = new Command('npm run test:pact --')
  .description('Run the contract tests of the consumers, then of the providers')
  .option('--update', 'Write the pacts of the consumers to contracts/pacts; not for CI')
  .option('--provider <name>', 'Verify this provider only')
  .parse()
  .opts<{ update?: true; provider?: string }>();

process.exitCode = (await main()) ? 0 : 1;

async function main(): Promise<boolean> {
  const startMs = performance.now();
  if (update && process.env.CI) {
    console.error(
      'Pacts are not rewritten in CI: the developers of a consumer decide on its expectations.\nTry: npm run test:pact -- --update, and commit contracts/pacts',
    );
    return false;
  }
  if (!provider && !(await consumersAreAsCommitted())) return false;

  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  const tested = Object.fromEntries([...apps, ...webApps].map((app) => [app.name, sourcesOf(app)]));
  const files = provider ? [`apps/${provider}/pact`] : [];
  const providerRun = await run('Providers are verified', 'providers', files);
  const results = readResults();
  for (const { consumer, provider: name, interactions, ok, findings } of results) {
    const sign = ok ? styleText('green', '✓') : styleText('red', '✗');
    const what = `${interactions} ${interactions === 1 ? 'expectation' : 'expectations'}`;
    console.log(`  ${sign} ${consumer.padEnd(16)} of ${name.padEnd(17)} ${what}`);
    for (const finding of findings) console.log(styleText('red', `      ${finding}`));
  }
  if (!providerRun.ok && results.every(({ ok }) => ok)) console.log(providerRun.output);
  if (!provider) writeFileSync(TESTED, JSON.stringify(tested, null, 2));
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  const failed = results.filter(({ ok }) => !ok).length;
  console.log(`\n${results.length} pacts, ${failed} broken, ${seconds} s`);
  return providerRun.ok && failed === 0;
}

async function consumersAreAsCommitted(): Promise<boolean> {
  rmSync(GENERATED, { recursive: true, force: true });
  const output = await run('Consumers generate their pacts', 'consumers', []);
  if (!output.ok) {
    console.log(output.output);
    return false;
  }
  const changed = differences();
  if (changed.length === 0) return true;
  if (update) {
    commit();
    for (const each of changed) console.log(`  ${each}`);
    console.log('  contracts/pacts is rewritten: review it, and commit it with the consumer');
    return true;
  }
  console.error(
    `\nThe result of the consumers' tests differs from contracts/pacts:\n  ${changed.join('\n  ')}\n` +
      'Try: if this is intended, run npm run test:pact -- --update and commit the result. A rename in provider and consumers together breaks the deployed consumers.',
  );
  return false;
}
