import type { DeployabilityResult, PacticipantVersion } from './can-i-deploy.ts';

/** What somebody built, and what came of asking it. */
export interface Build {
  readonly pacticipant: string;
  readonly version: string;
  readonly branch: string;
  /** What it expects of its providers: the file, and the fingerprint of what stands in it. */
  readonly expects: readonly {
    readonly provider: string;
    readonly pact: string;
    readonly file: string;
  }[];
  /** What it was asked as a provider. */
  readonly verified: readonly {
    readonly consumer: string;
    readonly pact: string;
    readonly success: boolean;
  }[];
}

export interface Deployment {
  readonly pacticipant: string;
  readonly version: string;
  readonly environment: string;
}
export type DeploymentRecord =
  | 'record-deployment'
  | 'record-undeployment'
  | 'record-release'
  | 'record-support-ended';

/** Who may be deployed where: a file on this machine, or a Pact Broker. The words are the Broker's. */
export abstract class Contracts {
  abstract createEnvironment(name: string, production: boolean): Promise<void>;
  /** Publishing the same again changes nothing. */
  abstract publish(builds: readonly Build[]): Promise<void>;
  /** @param together versions that come at once */
  abstract canIDeploy(
    together: readonly PacticipantVersion[],
    environment: string,
  ): Promise<Pick<DeployabilityResult, 'deployable' | 'reasons'> & Partial<DeployabilityResult>>;
  abstract recordDeployment(kind: DeploymentRecord, deployment: Deployment): Promise<void>;
}
