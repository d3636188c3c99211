import {
  contractVersion,
  openContracts,
} from '@fieldguide/platform-contract-record/open-contracts';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Platform } from './platform.ts';

/** An artifact that is to run. */
export interface Coming {
  readonly name: string;
  readonly digest: string;
}

/** What contracts say to a deployment. In `local` everything may be tried; anywhere else others rely on what is there. */
export class Deployments {
  readonly #platform: Pick<Platform, 'environment' | 'events'>;

  constructor(platform: Pick<Platform, 'environment' | 'events'>) {
    this.#platform = platform;
  }

  /**
   * Asks for artifacts that come at once.
   * @param force what speaks against them is only logged
   * @throws CliError when contracts speak against them, or do not know them
   */
  async allow(coming: readonly Coming[], force: boolean): Promise<void> {
    const { environment, events } = this.#platform;
    if (environment.name === 'local' || coming.length === 0) return;
    const wanted = coming.map(({ name, digest }) => ({
      pacticipant: name,
      version: contractVersion(digest),
    }));
    const who = wanted.map(({ pacticipant, version }) => `${pacticipant} ${version}`).join(', ');
    try {
      const { deployable, reasons } = await openContracts().canIDeploy(wanted, environment.name);
      if (!deployable)
        throw new CliError(
          `${who} cannot be deployed to ${environment.name}:\n  ${reasons.join('\n  ')}`,
          'fieldguide contracts can-i-deploy shows the whole matrix; --force deploys all the same',
        );
    } catch (error) {
      const { message, hint = 'see the contracts' } = error as CliError;
      if (!force)
        throw new CliError(
          message,
          hint.includes('--force') ? hint : `${hint}; --force deploys all the same`,
          error,
        );
      const names = coming.map(({ name }) => name);
      const are = names.length > 1 ? 'are' : 'is';
      events.warn(`! ${names.join(', ')} ${are} deployed by force, though: ${message}`, {
        ...(names.length === 1 && { app: names[0]! }),
      });
    }
  }

  /** What the record does not know it cannot speak for. */
  async record(deployed: readonly Coming[]): Promise<void> {
    const { environment, events } = this.#platform;
    if (environment.name === 'local') return;
    const faults = new Map<string, string>();
    for (const { name, digest } of deployed) {
      const deployment = { pacticipant: name, version: contractVersion(digest) };
      try {
        const where = { ...deployment, environment: environment.name };
        await openContracts().recordDeployment('record-deployment', where);
      } catch (error) {
        faults.set(name, (error as Error).message);
      }
    }
    const [why] = faults.values();
    if (why === undefined) return;
    const names = [...faults.keys()].join(', ');
    events.warn(`! The deployment of ${names} is not recorded: ${why}`);
  }
}
