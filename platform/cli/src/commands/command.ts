import { Environment } from '@fieldguide/platform-host/environment';
import type { PlatformEvent } from '@fieldguide/platform-host/events';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import type { CommandOptions } from '@fieldguide/platform-model/plugin';
import { Argument, type Command, Option } from 'commander';
import { OperatorClient } from '../client/operator-client.ts';
import { PlatformClient } from '../client/platform-client.ts';

export type CommonOptions = CommandOptions;

const DEFAULT_ENV = 'local';

/** Adds a command with the common options --env and --json, and an example. */
export function command(
  parent: Command,
  name: string,
  text: string,
  ...examples: string[]
): Command {
  const made = parent.command(name).description(text).addOption(environmentOption());
  made.option('--json', 'Print JSON only');
  const lines = examples.map((example) => `  fieldguide ${example}`).join('\n');
  return made.addHelpText('after', `\nExample:\n${lines}`);
}

export function environmentOption(): Option {
  return new Option('--env <name>', 'Environment to use').default(
    process.env.FIELDGUIDE_ENV ?? DEFAULT_ENV,
  );
}

/** Returns an existing environment. @throws CliError that suggests the nearest name */
export function environmentOf({ env }: CommonOptions): Environment {
  if (env !== DEFAULT_ENV)
    parseChoice('environment', env, [...new Set([DEFAULT_ENV, ...Environment.all()])]);
  return new Environment(env);
}

export function platformOf(options: CommonOptions): PlatformClient {
  return new PlatformClient(environmentOf(options));
}

export function operatorOf(options: CommonOptions): OperatorClient {
  return new OperatorClient(environmentOf(options), platformOf(options));
}

/** Prints JSON with --json, otherwise text. */
export function print({ json }: CommonOptions, data: unknown, text: string): void {
  console.log(json ? JSON.stringify(data) : text);
}

/** Prints the platform's events while an operation runs. */
export async function printingEvents<T>(
  platform: PlatformClient,
  options: CommonOptions,
  work: () => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const showing = (async () => {
    for await (const { text } of platform.events<PlatformEvent>('/events', ending.signal))
      process.stderr.write(`  ${text}\n`);
  })().catch(() => undefined);
  try {
    return await work();
  } finally {
    if (!options.json) await new Promise((resolve) => setTimeout(resolve, 50)); // until the last event arrives
    ending.abort();
    await showing;
  }
}

/** Returns an argument with shell completion; validation follows later and suggests the nearest value. */
export function choiceArgument(name: string, values: readonly string[], text = ''): Argument {
  const argument = new Argument(name, text);
  argument.argChoices = [...values];
  return argument;
}

/** Parses `app/2`. */
export function parseInstance(text: string): { app: string; slot: number } {
  const [app = '', slot = '1'] = text.split('/');
  return { app, slot: Number(slot) };
}
