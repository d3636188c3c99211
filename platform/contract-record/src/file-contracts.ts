import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import { canIDeploy, type DeployabilityResult, type PacticipantVersion } from './can-i-deploy.ts';
import { type Build, Contracts, type Deployment, type DeploymentRecord } from './contracts.ts';
import { RecordFile } from './record-file.ts';

const entryTypeOf = {
  'record-deployment': 'Deployed',
  'record-undeployment': 'Undeployed',
  'record-release': 'Released',
  'record-support-ended': 'SupportEnded',
} as const;

/** Keeps the contract record in a file, without a server. */
export class FileContracts extends Contracts {
  readonly file: RecordFile;

  constructor(file = new RecordFile()) {
    super();
    this.file = file;
  }

  override async createEnvironment(environment: string, production: boolean): Promise<void> {
    if (this.file.read().environments.includes(environment)) return;
    this.file.append([{ type: 'EnvironmentCreated', environment, production }]);
  }

  override async publish(builds: readonly Build[]): Promise<void> {
    const record = this.file.read();
    for (const { pacticipant, version, branch, expects, verified } of builds) {
      const isKnown = record.branchOf(pacticipant, version) === branch;
      const before = new Map(
        record.pactsOf(pacticipant, version).map(({ provider, pact }) => [provider, pact]),
      );
      this.file.append([
        ...(isKnown ? [] : [{ type: 'VersionPublished' as const, pacticipant, version, branch }]),
        ...expects
          .filter(({ provider, pact }) => before.get(provider) !== pact)
          .map(({ provider, pact }) => ({
            type: 'PactPublished' as const,
            consumer: pacticipant,
            consumerVersion: version,
            provider,
            pact,
          })),
        ...verified
          .filter(({ pact, success }) => record.verdict(pact, pacticipant, version) !== success)
          .map((each) => ({
            type: 'PactVerified' as const,
            provider: pacticipant,
            providerVersion: version,
            ...each,
          })),
      ]);
    }
  }

  override async canIDeploy(
    together: readonly PacticipantVersion[],
    environment: string,
  ): Promise<DeployabilityResult> {
    return canIDeploy(this.file.read(), { together, environment });
  }

  override async recordDeployment(kind: DeploymentRecord, deployment: Deployment): Promise<void> {
    const record = this.file.read();
    const { pacticipant, version, environment } = deployment;
    parseChoice('environment of the record', environment, requireEnvironments(record.environments));
    if (record.branchOf(pacticipant, version) === undefined)
      throw new CliError(
        `The contract record has no version ${version} of ${pacticipant}.`,
        'run npm run test:pact, then fieldguide contracts publish',
      );
    this.file.append([{ type: entryTypeOf[kind], ...deployment }]);
  }
}

function requireEnvironments(environments: readonly string[]): readonly string[] {
  if (environments.length > 0) return environments;
  throw new CliError(
    'The contract record has no environments yet.',
    'run fieldguide contracts create-environment --name staging',
  );
}
