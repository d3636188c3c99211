// Plays a tour through the running shop: checks every result it prints, and restores the stock at the end.

import { OperatorClient } from '@fieldguide/platform-cli/client/operator-client';
import { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { Environment } from '@fieldguide/platform-host/environment';
import { Command } from 'commander';
import { Tour } from './tour.ts';
import { TourReport } from './tour-report.ts';
import { Visitor } from './visitor.ts';

const { env } = new Command('npm run demo --')
  .description(
    'Play a completed order, failures and a killed instance in the running shop, and check each result',
  )
  .option('--env <name>', 'Environment to use', 'local')
  .parse()
  .opts<{ env: string }>();

process.exitCode = (await tour()) ? 0 : 1;

async function tour(): Promise<boolean> {
  const environment = new Environment(env);
  let platform: PlatformClient;
  try {
    platform = new PlatformClient(environment);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    console.error(`${error.message}\nTry: ${error.hint}`);
    return false;
  }
  const operator = new OperatorClient(environment, platform);
  const gatewayUrl = await operator.gatewayUrl();
  const visitor = new Visitor(gatewayUrl);
  const report = new TourReport();
  console.log(`A tour through the shop at ${gatewayUrl}`);
  await new Tour(platform, operator, visitor, report, env === 'local').play();
  const isCorrect = report.end();
  console.log(isCorrect ? '\nAll checks passed.' : '\nSome checks failed.');
  return isCorrect;
}
