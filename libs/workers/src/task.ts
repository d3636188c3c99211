/** A one-off process of a service: `node main.cjs NAME ARGUMENT`. Modules provide their tasks. */
export abstract class Task {
  abstract readonly name: string;

  /** @returns the result as a sentence, or an empty text */
  abstract run(argument?: string): Promise<string>;
}
