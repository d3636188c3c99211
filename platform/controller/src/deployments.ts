import type { PacticipantVersion } from '@fieldguide/platform-contract-record/can-i-deploy';
import {
  contractVersion,
  openContracts,
} from '@fieldguide/platform-contract-record/open-contracts';
import { pacticipantOf } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Platform } from './platform.ts';

/** An artifact that is to run; contracts do not speak about a web application without a name in them. */
export interface IncomingArtifact {
  readonly name: string;
  readonly digest: string;
}

/** Checks deployments against contracts, in every environment but `local`. */
export class Deployments {
  readonly #platform: Pick<Platform, 'environment' | 'events'>;

  constructor(platform: Pick<Platform, 'environment' | 'events'>) {
    this.#platform = platform;
  }

  /**
   * Checks artifacts that are deployed together.
   * @param force what speaks against them is only logged
   * @throws CliError when contracts speak against them, or do not know them
   */
  async assertDeployable(incoming: readonly IncomingArtifact[], force: boolean): Promise<void> {
    const { environment, events } = this.#platform;
    const wanted = versionsOf(incoming);
    if (environment.name === 'local' || wanted.length === 0) return;
    const versions = wanted
      .map(({ pacticipant, version }) => `${pacticipant} ${version}`)
      .join(', ');
    try {
      const { deployable, reasons } = await openContracts().canIDeploy(wanted, environment.name);
      if (!deployable)
        throw new CliError(
          `${versions} cannot be deployed to ${environment.name}:\n  ${reasons.join('\n  ')}`,
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
      const names = incoming.map(({ name }) => name).filter(pacticipantOf);
      const are = names.length > 1 ? 'are' : 'is';
      events.warn(`! ${names.join(', ')} ${are} deployed by force, though: ${message}`, {
        ...(names.length === 1 && { app: names[0]! }),
      });
    }
  }

  /** What the record does not know it cannot speak for. */
  async record(deployed: readonly IncomingArtifact[]): Promise<void> {
    const { environment, events } = this.#platform;
    if (environment.name === 'local') return;
    const errors = new Map<string, string>();
    for (const version of versionsOf(deployed)) {
      try {
        const deployment = { ...version, environment: environment.name };
        await openContracts().recordDeployment('record-deployment', deployment);
      } catch (error) {
        errors.set(version.pacticipant, (error as Error).message);
      }
    }
    const [reason] = errors.values();
    if (reason === undefined) return;
    const names = [...errors.keys()].join(', ');
    events.warn(`! The deployment of ${names} is not recorded: ${reason}`);
  }
}

function versionsOf(artifacts: readonly IncomingArtifact[]): PacticipantVersion[] {
  return artifacts.flatMap(({ name, digest }) => {
    const pacticipant = pacticipantOf(name);
    return pacticipant ? [{ pacticipant, version: contractVersion(digest) }] : [];
  });
}
