/** An error that the user can fix: `message` states what failed and why, `hint` what to try. Printed without a stack. */
export class CliError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.hint = hint;
  }
}
