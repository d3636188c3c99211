// Commands that know the domain of a system. The map declares them as plug-ins; the platform's command line loads them.
import type { Argument, Command } from 'commander';
import type { KafkaConfig } from 'kafkajs';

/** Options that every command has. */
export interface CommandOptions {
  readonly env: string;
  readonly json?: boolean;
}

/** A cell of a table. Text is aligned to the left. */
export type Cell = string | { readonly content: string; readonly hAlign: 'right' };

/** Calls apps over HTTP as the OAuth client `operator`. */
export interface AppClient {
  /**
   * Calls the app that serves the public API at its public address, any other app at a healthy instance, a worker if possible.
   * @param options `key`: idempotency key. `hint`: what to try when the app rejects the request
   * @throws an error with the title of the error response and a hint
   */
  call<T>(
    app: string,
    method: string,
    path: string,
    options?: { readonly body?: object; readonly key?: string; readonly hint?: string },
  ): Promise<T>;
}

/** What the command line offers to plug-ins. */
export interface CommandContext {
  /** Adds a command with the options --env and --json, and examples without the program's name. */
  command(parent: Command, name: string, text: string, ...examples: string[]): Command;
  /** Returns an argument with shell completion; validate its value with `parseChoice`. */
  choiceArgument(name: string, values: readonly string[], text?: string): Argument;
  /** Returns a known value. @throws an error that suggests the closest known value */
  parseChoice<Known extends string>(what: string, value: string, known: readonly Known[]): Known;
  /** Prints JSON with --json, otherwise text. */
  print(options: CommandOptions, data: unknown, text: string): void;
  /** Formats a table. A row of one cell spans all columns. */
  table(head: readonly string[], rows: readonly (readonly Cell[])[]): string;
  /** Returns an error that the user can fix; `hint` states what to try. */
  error(message: string, hint: string): Error;
  /** Returns a client for the apps of an environment. @throws an error with a hint when no platform runs in it */
  appClient(options: CommandOptions): AppClient;
  /** Calls the platform's API and prints the platform's events until the response arrives. */
  callPlatform<T>(options: CommandOptions, method: string, path: string, body?: object): Promise<T>;
  /** Returns where the messages of a running environment are. @throws an error with a hint when Kafka does not run in it */
  messaging(options: CommandOptions): {
    /** The brokers, and the administrator's login. */
    readonly brokers: Pick<KafkaConfig, 'brokers' | 'sasl' | 'ssl'>;
    /** Every topic of the map, as Kafka names it. */
    readonly topics: readonly string[];
    /** Prefix of topics and consumer groups. */
    readonly prefix: string;
  };
}

/** What a plug-in adds to the text that a completed start prints. */
export interface StartText {
  readonly addresses: readonly (readonly [name: string, url: string])[];
  /** Paragraphs that show how to use the system. */
  readonly text: string;
  readonly commands: readonly (readonly [command: string, description: string])[];
}

/** Commands of one part of the domain. */
export interface CommandPlugin {
  /** Heading of its commands in the help; by default that of the commands before them. */
  readonly heading?: string;
  add(program: Command, context: CommandContext): void;
  /** Data for the console, by name: `GET /plugins/<plug-in>/<name>?…`. */
  readonly data?: Readonly<
    Record<
      string,
      (
        query: Readonly<Record<string, string>>,
        context: CommandContext,
        options: CommandOptions,
      ) => Promise<unknown>
    >
  >;
  /** Returns what to try first. `providerUrl` is the address of the app of kind `external`. */
  startText?(gatewayUrl: string, providerUrl: string | undefined): Promise<StartText>;
}

/** A plug-in in the map of a system. */
export interface PluginSpec<App extends string = string> {
  /** Apps without which the plug-in makes no sense. The command line does not start without them in the map. */
  readonly needs: readonly App[];
  /** Imports the plug-in's module, so that the map itself loads no command. */
  readonly load: () => Promise<{ readonly plugin: CommandPlugin }>;
}
