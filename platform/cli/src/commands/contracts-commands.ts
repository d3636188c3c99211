import { testedBuilds } from '@fieldguide/platform-contract-record/builds';
import { matrix, type PacticipantVersion } from '@fieldguide/platform-contract-record/can-i-deploy';
import type { DeploymentRecord } from '@fieldguide/platform-contract-record/contracts';
import { FileContracts } from '@fieldguide/platform-contract-record/file-contracts';
import { openContracts } from '@fieldguide/platform-contract-record/open-contracts';
import { pactsToVerify } from '@fieldguide/platform-contract-record/pacts-to-verify';
import { apps, example, pacticipantOf, webApps } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Command } from 'commander';
import { deployabilityText, matrixTable, pactsTable } from '../screen/contract-tables.ts';
import { type CommonOptions, command, print } from './command.ts';

interface Deploying extends CommonOptions {
  readonly pacticipant?: readonly string[];
  readonly version?: readonly string[];
  readonly everything?: boolean;
  readonly toEnvironment: string;
}

const deploymentRecords: readonly (readonly [DeploymentRecord, string, string])[] = [
  [
    'record-deployment',
    'Record that a version is deployed and replaces the previous one',
    'is deployed in',
  ],
  [
    'record-undeployment',
    'Record that a version is no longer deployed',
    'is no longer deployed in',
  ],
  [
    'record-release',
    'Record that a version is released, in addition to earlier releases',
    'is released to',
  ],
  [
    'record-support-ended',
    'Record that a release is no longer supported',
    'is no longer supported in',
  ],
];

/** Adds the commands on contracts. They match those of a Pact Broker, without a server. */
export function addContractsCommands(program: Command): void {
  const contracts = program
    .command('contracts')
    .description('Publish contracts and check which versions can be deployed')
    .addHelpText(
      'after',
      '\nThe record is a file: .fieldguide/contracts/record.jsonl, or the one named by\n' +
        'FIELDGUIDE_CONTRACTS_RECORD. With PACT_BROKER_BASE_URL a Pact Broker is used.',
    );

  command(
    contracts,
    'create-environment',
    'Create an environment to deploy to',
    'contracts create-environment --name staging',
  )
    .requiredOption('--name <name>', 'Name of the environment')
    .option('--production', 'Mark it as production', false)
    .action(async (options: CommonOptions & { name: string; production: boolean }) => {
      await openContracts().createEnvironment(options.name, options.production);
      print(options, { environment: options.name }, `Environment ${options.name} is recorded`);
    });

  command(
    contracts,
    'publish',
    'Publish pacts and verification results of the last npm run test:pact',
    'contracts publish',
  )
    .option('--branch <name>', 'Branch of the sources; by default the current one')
    .action(async (options: CommonOptions & { branch?: string }) => {
      const { stage } = await import('@fieldguide/platform-controller/stager/stage');
      const artifacts = [];
      for (const app of [...apps, ...webApps])
        if (pacticipantOf(app.name)) artifacts.push((await stage(app)).artifact);
      const builds = testedBuilds(artifacts, options.branch);
      await openContracts().publish(builds);
      const lines = builds.map(
        ({ pacticipant, version, expects, verified }) =>
          `${pacticipant.padEnd(17)} ${version}  pacts: ${expects.length}, verifications: ${verified.length}`,
      );
      print(options, builds, lines.join('\n'));
    });

  command(
    contracts,
    'matrix',
    'Show verification results of each consumer and provider, newest first',
    `contracts matrix --pacticipant ${example.app}`,
  )
    .option('--pacticipant <name>', 'Show only pairs with this service')
    .action((options: CommonOptions & { pacticipant?: string }) => {
      const rows = matrix(file().read(), options.pacticipant);
      print(options, rows, matrixTable(rows));
    });

  command(
    contracts,
    'pending',
    'Show the pacts that a provider must verify, and which are pending',
    `contracts pending --provider ${example.app}`,
  )
    .requiredOption('--provider <name>', 'Name of the provider')
    .option('--branch <name>', 'Branch of the provider', 'main')
    .option('--main-branch <name>', 'Main branch of the consumers', 'main')
    .option('--include-wip-pacts-since <date>', 'Also include work in progress since this date')
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
    'Check whether a version works with what is deployed; exit code 1 if not',
    'contracts can-i-deploy --everything --to-environment staging',
    `contracts can-i-deploy --pacticipant ${example.app} \\\n    --version 1a2b3c4d5e6f --to-environment staging`,
  )
    .option('--pacticipant <name...>', 'Service; repeat it for services that are deployed together')
    .option('--version <version...>', 'Version of each service, in the same order')
    .option('--everything', 'Latest version of every service, for a first deployment')
    .requiredOption('--to-environment <name>', 'Target environment')
    .action(async (options: Deploying) => {
      const answer = await openContracts().canIDeploy(wanted(options), options.toEnvironment);
      print(options, answer, deployabilityText(answer));
      if (!answer.deployable) process.exitCode = 1;
    });

  for (const [name, text, done] of deploymentRecords)
    command(
      contracts,
      name,
      text,
      `contracts ${name} --pacticipant ${example.app} \\\n    --version 1a2b3c4d5e6f --environment staging`,
    )
      .option('--pacticipant <name...>', 'Service')
      .option('--version <version...>', 'Version of each service, in the same order')
      .option('--everything', 'Latest version of every service')
      .requiredOption('--environment <name>', 'Environment of the deployment')
      .action(async (options: Omit<Deploying, 'toEnvironment'> & { environment: string }) => {
        const { environment } = options;
        const placed = wanted({ ...options, toEnvironment: environment });
        for (const each of placed)
          await openContracts().recordDeployment(name, { ...each, environment });
        const lines = placed.map(
          ({ pacticipant, version }) => `${pacticipant} ${version} ${done} ${environment}`,
        );
        print(options, placed, lines.join('\n'));
      });
}

function wanted({
  pacticipant = [],
  version = [],
  everything,
}: Deploying): readonly PacticipantVersion[] {
  if (everything) return latest();
  if (pacticipant.length > 0 && pacticipant.length === version.length)
    return pacticipant.map((each, at) => ({ pacticipant: each, version: version[at]! }));
  throw new CliError(
    'Each service needs one version.',
    `fieldguide contracts can-i-deploy --pacticipant ${example.app} --version 1a2b3c4d5e6f --to-environment staging`,
  );
}

function latest(): readonly PacticipantVersion[] {
  const record = file().read();
  return record.pacticipants.map((pacticipant) => ({
    pacticipant,
    version: record.versions(pacticipant).at(-1)!.version,
  }));
}

function file() {
  const contracts = openContracts();
  if (contracts instanceof FileContracts) return contracts.file;
  throw new CliError(
    'The Pact Broker shows this in its own web interface.',
    'open PACT_BROKER_BASE_URL in a browser',
  );
}
