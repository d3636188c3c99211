import { operatorToken, readResponse } from '@fieldguide/platform-controller/operator-token';
import type { Status } from '@fieldguide/platform-controller/status';
import { appNames, gatewayApp } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Environment } from '@fieldguide/platform-host/environment';
import type { AppClient } from '@fieldguide/platform-model/plugin';
import type { PlatformClient } from './platform-client.ts';

const RESPONSE_TIMEOUT_MS = 15_000;

/** Calls apps as the client `operator`: the public API at its address, any other app at a healthy instance, a worker if possible. */
export class OperatorClient implements AppClient {
  readonly #environment: Environment;
  readonly #platform: PlatformClient;
  #status: Status | undefined;
  #token: string | undefined;

  constructor(environment: Environment, platform: PlatformClient) {
    this.#environment = environment;
    this.#platform = platform;
  }

  async gatewayUrl(): Promise<string> {
    return (await this.#getStatus()).gatewayUrl;
  }

  /**
   * @param options `hint`: the command that lists existing resources; shown when the resource does not exist
   * @throws CliError with the title of the app's error response
   */
  async call<T>(
    app: string,
    method: string,
    path: string,
    options: { body?: object; key?: string; ifMatch?: string; hint?: string } = {},
  ): Promise<T> {
    const { body, key, ifMatch, hint } = options;
    const response = await fetch((await this.#urlOf(app)) + path, {
      method,
      headers: {
        authorization: `Bearer ${await this.#operator()}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
        ...(ifMatch && { 'if-match': ifMatch }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    return readResponse<T>(response, hint);
  }

  async #getStatus(): Promise<Status> {
    this.#status ??= await this.#platform.call<Status>('GET', '/status');
    return this.#status;
  }

  async #urlOf(name: string): Promise<string> {
    const { apps, gatewayUrl } = await this.#getStatus();
    if (name === gatewayApp) return gatewayUrl;
    const { instances = [] } = apps.find(({ app }) => app === name) ?? {};
    const all = instances.filter(({ health }) => health === 'ok');
    // Every instance serves its own port, but only a worker has the consumers of messages.
    const healthy = all.find(({ processes }) => processes !== 'web') ?? all[0];
    if (!healthy) throw new CliError(`No instance of ${name} is healthy.`, 'fieldguide status');
    return healthy.url;
  }

  async #operator(): Promise<string> {
    if (this.#token) return this.#token;
    const clientSecret = this.#environment.secrets(appNames).clients['operator']!;
    this.#token = await operatorToken(await this.gatewayUrl(), clientSecret);
    return this.#token;
  }
}
