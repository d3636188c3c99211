/** Something a person can mend: the message says what is wrong, `hint` what to try. Shown without a stack. */
export class CliError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.hint = hint;
  }
}
