import type { Answer, Wanted } from './can-i-deploy.ts';

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

export interface Place {
  readonly pacticipant: string;
  readonly version: string;
  readonly environment: string;
}
export type Placing =
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
    together: readonly Wanted[],
    environment: string,
  ): Promise<Pick<Answer, 'deployable' | 'reasons'> & Partial<Answer>>;
  abstract place(placing: Placing, place: Place): Promise<void>;
}
