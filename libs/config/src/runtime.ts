import type { ModulesContainer } from '@nestjs/core';

/** How this process runs; the root of every application provides it. */
export class Runtime {
  /**
   * @param env environment variables
   * @param isServing false in one-off tasks and tests: no worker, consumer, registration or watch starts
   */
  constructor(
    readonly env: Readonly<Record<string, string | undefined>>,
    readonly isServing: boolean,
  ) {}
}

/** The options of `ServiceModule.forRoot`. */
export class ServiceOptions {
  /**
   * @param name name in the registry, in messages, tokens and settings
   * @param isEdge has external callers, whose trace headers are not adopted
   */
  constructor(
    readonly name: string,
    readonly isEdge = false,
  ) {}
}

/**
 * Finds what modules register for another module to collect, for example workers, tasks and tables.
 * @returns the instances of `type` among all providers, each once
 */
export function instancesOf<Kind>(
  modules: ModulesContainer,
  type: abstract new (...args: never[]) => Kind,
): Kind[] {
  const providers = [...modules.values()].flatMap((each) => [...each.providers.values()]);
  const instances = providers.map(({ instance }) => instance as unknown);
  return [...new Set(instances.filter((each): each is Kind => each instanceof type))];
}
