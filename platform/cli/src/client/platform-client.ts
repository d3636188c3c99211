import { readFileSync } from 'node:fs';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Environment } from '@fieldguide/platform-host/environment';
import { runningPlatform, tokenFileOf } from '@fieldguide/platform-host/state';
import { EventSourceParserStream } from 'eventsource-parser/stream';

const RESPONSE_TIMEOUT_MS = 300_000;

/** Calls the API of the running platform of an environment. */
export class PlatformClient {
  readonly #url: string;
  readonly #token: string;
  readonly environment: Environment;

  /** @throws CliError when no platform runs */
  constructor(environment: Environment) {
    const running = runningPlatform(environment);
    if (!running?.apiUrl) {
      const starting = running ? 'is starting' : 'does not run';
      throw new CliError(
        `Fieldguide ${starting} in the environment "${environment.name}".`,
        running ? 'run the command again in a few seconds' : startCommand(environment),
      );
    }
    this.environment = environment;
    this.#url = running.apiUrl;
    this.#token = readFileSync(tokenFileOf(environment), 'utf8');
  }

  /** @throws CliError with the title and hint of the platform's error response */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.#fetch(
      method,
      path,
      body,
      AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    );
    return (await response.json()) as T;
  }

  /** Yields server-sent events until the signal aborts. */
  async *events<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
    const { body } = await this.#fetch('GET', path, undefined, signal);
    if (!body) return;
    const messages = body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    try {
      for await (const { data } of messages) yield JSON.parse(data) as T;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #fetch(method: string, path: string, body: object | undefined, signal: AbortSignal) {
    try {
      const response = await fetch(this.#url + path, {
        method,
        signal,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (response.ok) return response;
      const { title, hint } = (await response.json()) as { title: string; hint?: string };
      throw new CliError(title, hint ?? 'fieldguide logs platform');
    } catch (error) {
      if (error instanceof CliError || signal.aborted) throw error;
      throw new CliError(
        `Lost the connection to the platform of "${this.environment.name}": ${(error as Error).message}`,
        startCommand(this.environment),
        error,
      );
    }
  }
}

function startCommand({ name }: Environment): string {
  return name === 'local' ? 'npm start' : `fieldguide start --env ${name}`;
}
