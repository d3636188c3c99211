import type { DeployabilityResult, PacticipantVersion } from './can-i-deploy.ts';

/** A build of a pacticipant, with its pacts as a consumer and its verification results as a provider. */
export interface Build {
  readonly pacticipant: string;
  readonly version: string;
  readonly branch: string;
  /** Its pacts with its providers: the file and the fingerprint of its content. */
  readonly expects: readonly {
    readonly provider: string;
    readonly pact: string;
    readonly file: string;
  }[];
  /** Its verification results as a provider. */
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

/** Records contracts and deployments, and checks deployments; in a file or a Pact Broker. Uses the Broker's terms. */
export abstract class Contracts {
  abstract createEnvironment(name: string, production: boolean): Promise<void>;
  /** Publishing the same again changes nothing. */
  abstract publish(builds: readonly Build[]): Promise<void>;
  /** @param together versions that are deployed together */
  abstract canIDeploy(
    together: readonly PacticipantVersion[],
    environment: string,
  ): Promise<Pick<DeployabilityResult, 'deployable' | 'reasons'> & Partial<DeployabilityResult>>;
  abstract recordDeployment(kind: DeploymentRecord, deployment: Deployment): Promise<void>;
}
