import { operatorToken, readResponse } from '@fieldguide/platform-controller/operator-token';
import type { Status } from '@fieldguide/platform-controller/status';
import { appNames } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Environment } from '@fieldguide/platform-host/environment';
import { readState } from '@fieldguide/platform-host/state';
import type { PlatformClient } from './platform-client.ts';

const RESPONSE_TIMEOUT_MS = 15_000;

/** Calls the services as the client `operator`; bypasses the gateway for services without a public route. */
export class ShopClient {
  readonly #environment: Environment;
  readonly #platform: PlatformClient;
  #status: Status | undefined;
  #token: string | undefined;

  constructor(environment: Environment, platform: PlatformClient) {
    this.#environment = environment;
    this.#platform = platform;
  }

  /** The addresses of the brokers: `kafka://host:port,…`. */
  get kafkaUrl(): string {
    return readState(this.#environment)!.backing!['kafka']!;
  }

  async gatewayUrl(): Promise<string> {
    return (await this.status()).gatewayUrl;
  }

  async status(): Promise<Status> {
    this.#status ??= await this.#platform.call<Status>('GET', '/status');
    return this.#status;
  }

  /**
   * @param options `hint`: the command that lists existing resources; shown when the resource does not exist
   * @throws CliError with the title of the service's error response
   */
  async call<T>(
    service: string,
    method: string,
    path: string,
    { body, key, hint }: { body?: object; key?: string; hint?: string } = {},
  ): Promise<T> {
    const response = await fetch((await this.#urlOf(service)) + path, {
      method,
      headers: {
        authorization: `Bearer ${await this.#operator()}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    return readResponse<T>(response, hint ?? 'fieldguide checkouts');
  }

  async #urlOf(service: string): Promise<string> {
    const { apps, gatewayUrl } = await this.status();
    if (service === 'gateway') return gatewayUrl;
    const { instances = [] } = apps.find(({ app }) => app === service) ?? {};
    const healthy = instances.find(({ health }) => health === 'ok');
    if (!healthy) throw new CliError(`No instance of ${service} is healthy.`, 'fieldguide status');
    return healthy.url;
  }

  async #operator(): Promise<string> {
    if (this.#token) return this.#token;
    const clientSecret = this.#environment.secrets(appNames).clients['operator']!;
    this.#token = await operatorToken(await this.gatewayUrl(), clientSecret);
    return this.#token;
  }
}
