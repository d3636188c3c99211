import type { Command } from 'commander';
import { testedBuilds } from '../contracts/builds.ts';
import { matrix, type Wanted } from '../contracts/can-i-deploy.ts';
import type { Placing } from '../contracts/contracts.ts';
import { FileContracts } from '../contracts/file-contracts.ts';
import { pactsToVerify } from '../contracts/pacts-to-verify.ts';
import { whichContracts } from '../contracts/which-contracts.ts';
import { Fault } from '../fault.ts';
import { answerText, matrixTable, pactsTable } from '../screen/contract-tables.ts';
import { type CommonOptions, command, print } from './command.ts';

interface Deploying extends CommonOptions {
  readonly pacticipant?: readonly string[];
  readonly version?: readonly string[];
  readonly everything?: boolean;
  readonly toEnvironment: string;
}

const placings: readonly (readonly [Placing, string, string])[] = [
  [
    'record-deployment',
    'this version runs there now, in the place of the one before',
    'is deployed in',
  ],
  ['record-undeployment', 'it runs there no more', 'is gone from'],
  ['record-release', 'it is in use there, beside those released before', 'is released to'],
  [
    'record-support-ended',
    'nobody has to care for this release any more',
    'is supported no more in',
  ],
];

/** Who expects what of whom, what was verified, and who may go where: a Pact Broker's commands, without a server. */
export function addContractsCommands(program: Command): void {
  const contracts = program
    .command('contracts')
    .description('who expects what of whom, and who may be deployed where')
    .addHelpText(
      'after',
      '\nThe record is a file (.fieldguide/contracts/record.jsonl, or FIELDGUIDE_CONTRACTS_RECORD).\n' +
        'With PACT_BROKER_BASE_URL the same commands talk to a Pact Broker.',
    );

  command(
    contracts,
    'create-environment',
    'a place to deploy to',
    'contracts create-environment --name staging',
  )
    .requiredOption('--name <name>', 'its name')
    .option('--production', 'real people use it', false)
    .action(async (options: CommonOptions & { name: string; production: boolean }) => {
      await whichContracts().createEnvironment(options.name, options.production);
      print(options, { environment: options.name }, `The record knows ${options.name}`);
    });

  command(
    contracts,
    'publish',
    'what npm run test:pact has found about the present sources',
    'contracts publish',
  )
    .option('--branch <name>', 'of the sources; the present one when not said')
    .action(async (options: CommonOptions & { branch?: string }) => {
      const builds = await testedBuilds(options.branch);
      await whichContracts().publish(builds);
      const lines = builds.map(
        ({ pacticipant, version, expects, verified }) =>
          `${pacticipant.padEnd(17)} ${version}  ${expects.length} pacts, ${verified.length} verifications`,
      );
      print(options, builds, lines.join('\n'));
    });

  command(
    contracts,
    'matrix',
    'every pair that was verified, newest first',
    'contracts matrix --pacticipant ordering',
  )
    .option('--pacticipant <name>', 'only pairs with this one')
    .action((options: CommonOptions & { pacticipant?: string }) => {
      const rows = matrix(file().read(), options.pacticipant);
      print(options, rows, matrixTable(rows));
    });

  command(
    contracts,
    'pending',
    'which pacts a provider has to verify, and which of them may fail yet',
    'contracts pending --provider ordering',
  )
    .requiredOption('--provider <name>', 'who is asked')
    .option('--branch <name>', 'of the provider', 'main')
    .option('--main-branch <name>', 'of the consumers', 'main')
    .option('--include-wip-pacts-since <date>', 'also work in progress on other branches')
    .action((options: CommonOptions & Record<string, string>) => {
      const since = options['includeWipPactsSince'];
      const pacts = pactsToVerify(file().read(), {
        provider: options['provider']!,
        providerBranch: options['branch']!,
        mainBranch: options['mainBranch']!,
        ...(since && { includeWipSince: since }),
      });
      print(options, pacts, pactsTable(pacts));
    });

  command(
    contracts,
    'can-i-deploy',
    'whether a version understands those who are there; exit code 1 when not',
    'contracts can-i-deploy --pacticipant ordering --version 1a2b3c4d5e6f --to-environment staging',
  )
    .option('--pacticipant <name...>', 'who; said twice: who comes together')
    .option('--version <version...>', 'which version of each, in the same order')
    .option('--everything', 'the latest version of everybody at once: the first deployment')
    .requiredOption('--to-environment <name>', 'where to')
    .action(async (options: Deploying) => {
      const answer = await whichContracts().canIDeploy(wanted(options), options.toEnvironment);
      print(options, answer, answerText(answer));
      if (!answer.deployable) process.exitCode = 1;
    });

  for (const [name, text, done] of placings)
    command(
      contracts,
      name,
      text,
      `contracts ${name} --pacticipant ordering --version 1a2b3c4d5e6f --environment staging`,
    )
      .option('--pacticipant <name...>', 'who')
      .option('--version <version...>', 'which version of each, in the same order')
      .option('--everything', 'the latest version of everybody')
      .requiredOption('--environment <name>', 'where')
      .action(async (options: Omit<Deploying, 'toEnvironment'> & { environment: string }) => {
        const { environment } = options;
        const placed = wanted({ ...options, toEnvironment: environment });
        for (const each of placed) await whichContracts().place(name, { ...each, environment });
        const lines = placed.map(
          ({ pacticipant, version }) => `${pacticipant} ${version} ${done} ${environment}`,
        );
        print(options, placed, lines.join('\n'));
      });
}

function wanted({ pacticipant = [], version = [], everything }: Deploying): readonly Wanted[] {
  if (everything) return latest();
  if (pacticipant.length > 0 && pacticipant.length === version.length)
    return pacticipant.map((each, at) => ({ pacticipant: each, version: version[at]! }));
  throw new Fault(
    'Who, and which version of each?',
    'fieldguide contracts can-i-deploy --pacticipant ordering --version 1a2b3c4d5e6f --to-environment staging',
  );
}

function latest(): readonly Wanted[] {
  const record = file().read();
  return record.pacticipants.map((pacticipant) => ({
    pacticipant,
    version: record.versions(pacticipant).at(-1)!.version,
  }));
}

function file() {
  const contracts = whichContracts();
  if (contracts instanceof FileContracts) return contracts.file;
  throw new Fault(
    'A Pact Broker shows this on its own pages.',
    'open PACT_BROKER_BASE_URL in a browser',
  );
}
