import { contractVersion, whichContracts } from '../contracts/which-contracts.ts';
import { Fault } from '../fault.ts';
import type { Platform } from './platform.ts';

/** What contracts say to a deployment. In `local` everything may be tried; anywhere else others rely on what is there. */
export class Deployments {
  readonly #platform: Pick<Platform, 'environment' | 'events'>;

  constructor(platform: Pick<Platform, 'environment' | 'events'>) {
    this.#platform = platform;
  }

  /** @throws Fault when contracts speak against it, or know nothing of it; by force that is only logged */
  async allow(name: string, digest: string, force: boolean): Promise<void> {
    const { environment, events } = this.#platform;
    if (environment.name === 'local') return;
    const wanted = [{ pacticipant: name, version: contractVersion(digest) }];
    try {
      const { deployable, reasons } = await whichContracts().canIDeploy(wanted, environment.name);
      if (!deployable)
        throw new Fault(
          `${name} ${contractVersion(digest)} cannot be deployed to ${environment.name}:\n  ${reasons.join('\n  ')}`,
          'fieldguide contracts can-i-deploy shows the whole matrix; --force deploys all the same',
        );
    } catch (error) {
      if (!force) throw error;
      const why = (error as Error).message;
      events.warn(`! ${name} is deployed by force, though: ${why}`, { app: name });
    }
  }

  /** What the record does not know it cannot speak for. */
  async record(name: string, digest: string): Promise<void> {
    const { environment, events } = this.#platform;
    if (environment.name === 'local') return;
    const place = { pacticipant: name, version: contractVersion(digest) };
    try {
      const where = { ...place, environment: environment.name };
      await whichContracts().place('record-deployment', where);
    } catch (error) {
      const why = (error as Error).message;
      events.warn(`! The deployment of ${name} is not recorded: ${why}`, { app: name });
    }
  }
}
