import { appNames, gatewayApp } from '@fieldguide/platform-host/apps';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import type { Platform } from '../platform.ts';
import { ApiProblem } from './problem.ts';

const RESPONSE_TIMEOUT_MS = 15_000;

interface AppResponse {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Calls apps as the client `operator`, for a console that has no token of its own. */
export class AppCalls {
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** @throws ApiProblem when no instance responds, CliError when there is no such app */
  async call(app: string, method: string, path: string, body: unknown): Promise<AppResponse> {
    const url = this.#urlOf(parseChoice('app', app, appNames)) + path;
    try {
      return await this.#send(url, method, body);
    } catch (error) {
      const title = `${app} does not respond: ${(error as Error).message}`;
      throw new ApiProblem(503, 'appUnavailable', title, 'fieldguide status');
    }
  }

  async #send(url: string, method: string, body: unknown): Promise<AppResponse> {
    const response = await this.#platform.asOperator.fetch(url, {
      method,
      headers: body == null ? {} : { 'content-type': 'application/json' },
      ...(body != null && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    const type = response.headers.get('content-type') ?? 'application/json';
    return { status: response.status, type, text: await response.text() };
  }

  #urlOf(app: string): string {
    if (app === gatewayApp) return this.#platform.gatewayUrl ?? '';
    const slots = [...this.#platform.reconcilers.get(app)!.slots.values()];
    const ready = slots.filter(({ ready, instance }) => ready && instance.child.isRunning);
    // Every instance serves its own port, but only a worker has the consumers of messages.
    const chosen = ready.find(({ instance }) => instance.record.processes !== 'web') ?? ready[0];
    if (!chosen)
      throw new ApiProblem(503, 'appUnavailable', `No instance of ${app} is ready.`, 'try again');
    return chosen.instance.url;
  }
}
