/** Something a person can mend: the message says what is wrong, `attempt` what to try. Shown without a stack. */
export class Fault extends Error {
  readonly attempt: string;

  constructor(message: string, attempt: string, cause?: unknown) {
    super(message, { cause });
    this.attempt = attempt;
  }
}
