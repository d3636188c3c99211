import { fingerprint } from '@fieldguide/platform-contract-record/builds';
import type { DeployabilityResult } from '@fieldguide/platform-contract-record/can-i-deploy';
import { FileContracts } from '@fieldguide/platform-contract-record/file-contracts';
import { RecordFile } from '@fieldguide/platform-contract-record/record-file';
import type { Result } from '@fieldguide/tools/contracts/results';

export const PRODUCTION = 'production';

/** What is deployed to an environment with a contract record of its own, and what may be. */
export class Production {
  readonly #contracts: FileContracts;

  /** @param file the contract record */
  constructor(file: string) {
    this.#contracts = new FileContracts(new RecordFile(file));
  }

  async create(): Promise<void> {
    await this.#contracts.createEnvironment(PRODUCTION, true);
  }

  /** Publishes a version of a consumer. @param file its pact, @param text the content of that file */
  async publishConsumer(
    consumer: string,
    version: string,
    provider: string,
    { file, text }: { readonly file: string; readonly text: string },
  ): Promise<void> {
    const expects = [{ provider, pact: fingerprint(text), file }];
    await this.#contracts.publish([
      { pacticipant: consumer, version, branch: 'main', expects, verified: [] },
    ]);
  }

  /** Publishes a version of a provider with the results of its verification. */
  async publishProvider(
    pacticipant: string,
    version: string,
    results: readonly Pick<Result, 'consumer' | 'pact' | 'ok'>[],
  ): Promise<void> {
    const verified = results.map(({ consumer, pact, ok }) => ({ consumer, pact, success: ok }));
    await this.#contracts.publish([
      { pacticipant, version, branch: 'main', expects: [], verified },
    ]);
  }

  mayDeploy(pacticipant: string, version: string): Promise<DeployabilityResult> {
    return this.#contracts.canIDeploy([{ pacticipant, version }], PRODUCTION);
  }

  async deploy(pacticipant: string, version: string): Promise<void> {
    const deployment = { pacticipant, version, environment: PRODUCTION };
    await this.#contracts.recordDeployment('record-deployment', deployment);
  }

  /** Returns the deployed version. */
  deployed(pacticipant: string): string | undefined {
    return this.#contracts.file.read().present(pacticipant, PRODUCTION).at(-1);
  }
}
