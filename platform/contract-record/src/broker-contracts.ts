import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { z } from 'zod';
import type { PacticipantVersion } from './can-i-deploy.ts';
import { type Build, Contracts, type Deployment, type DeploymentRecord } from './contracts.ts';

// The Broker's own client has 30 MB and most users have no Broker: npx fetches it at the first use.
const CLI = '@pact-foundation/pact-cli@18.1.2';
const RESPONSE_TIMEOUT_MS = 15_000;

const Links = z.object({
  _links: z.object({ 'pb:publish-verification-results': z.object({ href: z.url() }) }),
});

export interface BrokerSettings {
  readonly baseUrl: string;
  readonly token?: string | undefined;
  /** Runs the Broker's client. @returns its exit code and output */
  readonly client?: (args: readonly string[]) => Promise<{ code: number; output: string }>;
}

/** Uses the Pact Broker at PACT_BROKER_BASE_URL, through its command line client and its HTTP API. */
export class BrokerContracts extends Contracts {
  readonly #baseUrl: string;
  readonly #token: string | undefined;
  readonly #client: NonNullable<BrokerSettings['client']>;

  constructor({ baseUrl, token, client = runClient }: BrokerSettings) {
    super();
    this.#baseUrl = baseUrl.replace(/\/$/, '');
    this.#token = token;
    this.#client = client;
  }

  override createEnvironment(name: string, production: boolean): Promise<void> {
    return this.#do('create-environment', '--name', name, ...(production ? ['--production'] : []));
  }

  override async publish(builds: readonly Build[]): Promise<void> {
    for (const { pacticipant, version, branch, expects, verified } of builds) {
      await this.#putBranch(pacticipant, branch, version);
      if (expects.length > 0) await this.#publishPacts(version, branch, expects);
      for (const { consumer, success } of verified)
        await this.#publishResult(consumer, pacticipant, version, success);
    }
  }

  override async canIDeploy(together: readonly PacticipantVersion[], environment: string) {
    const { code, output } = await this.#client([
      'can-i-deploy',
      ...together.flatMap(({ pacticipant, version }) => [
        '--pacticipant',
        pacticipant,
        '--version',
        version,
      ]),
      '--to-environment',
      environment,
    ]);
    return { deployable: code === 0, reasons: [output.trim()] };
  }

  override recordDeployment(
    kind: DeploymentRecord,
    { pacticipant, version, environment }: Deployment,
  ): Promise<void> {
    const environmentArgs = ['--pacticipant', pacticipant, '--environment', environment];
    // An undeployment takes no version: it applies to the deployed one.
    const versionArgs = kind === 'record-undeployment' ? [] : ['--version', version];
    return this.#do(kind, ...environmentArgs, ...versionArgs);
  }

  async #do(...args: string[]): Promise<void> {
    const { code, output } = await this.#client(args);
    if (code !== 0)
      throw new CliError(
        `The Pact Broker's client failed to run ${args[0]}: ${output.trim()}`,
        'check PACT_BROKER_BASE_URL and PACT_BROKER_TOKEN (or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD)',
      );
  }

  async #publishPacts(version: string, branch: string, expects: Build['expects']): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'pacts-'));
    try {
      for (const { file } of expects) copyFileSync(file, join(folder, basename(file)));
      await this.#do('publish', folder, '--consumer-app-version', version, '--branch', branch);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async #putBranch(pacticipant: string, branch: string, version: string): Promise<void> {
    const names = [pacticipant, branch, version].map(encodeURIComponent);
    await this.#call(
      'PUT',
      `/pacticipants/${names[0]}/branches/${names[1]}/versions/${names[2]}`,
      {},
    );
  }

  /** Publishes the result of verifying a provider's build against the latest pact of a consumer. */
  async #publishResult(
    consumer: string,
    provider: string,
    version: string,
    success: boolean,
  ): Promise<void> {
    const pair = `provider/${encodeURIComponent(provider)}/consumer/${encodeURIComponent(consumer)}`;
    const { _links } = Links.parse(await this.#call('GET', `/pacts/${pair}/latest`));
    const { href } = _links['pb:publish-verification-results'];
    await this.#call('POST', href, { success, providerApplicationVersion: version });
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const url = path.startsWith('http') ? path : this.#baseUrl + path;
    const response = await fetch(url, {
      method,
      headers: {
        accept: 'application/hal+json',
        ...(body && { 'content-type': 'application/json' }),
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    }).catch((error: Error) => {
      throw new CliError(
        `The Pact Broker does not respond: ${error.message}`,
        'check PACT_BROKER_BASE_URL',
        error,
      );
    });
    if (response.ok) return response.json();
    throw new CliError(
      `The Pact Broker returned ${response.status} for ${method} ${new URL(url).pathname}.`,
      'check PACT_BROKER_TOKEN, and that the pacts of this consumer are published',
    );
  }
}

/** Runs the client with npx; it reads the address and credentials from the environment. */
function runClient(args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('npx', ['--yes', '-p', CLI, 'pact-broker', ...args], {
      shell: process.platform === 'win32',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk));
    child.once('error', reject);
    child.once('exit', (code) => resolve({ code: code ?? 1, output }));
  });
}
