interface DescribedError extends Error {
  readonly code?: unknown;
  readonly constraint?: string;
  readonly table?: string;
  readonly column?: string;
  /** TypeORM's copy of the database's own error. */
  readonly driverError?: DescribedError;
}

/**
 * Returns the safe fields of an error: parameters of a failed statement and PostgreSQL's `detail` (values of a
 * row) may be personal data.
 */
export function safeError(
  error: DescribedError,
): { message: string | undefined; stack: string | undefined } & Record<string, unknown> {
  const { name, cause } = error;
  const { code = error.code, constraint, table, column } = error.driverError ?? error;
  const redact = (text: string | undefined) => (isDataException(code) ? withoutValues(text) : text);
  const because = cause instanceof Error ? safeError(cause).message : undefined;
  return {
    name,
    message: redact(error.message),
    stack: redact(error.stack),
    ...(code !== undefined && { code }),
    ...(constraint && { constraint }),
    ...(table && { table }),
    ...(column && { column }),
    ...(because && { because }),
  };
}

// SQLSTATE class 22, whose messages quote the invalid value: invalid input syntax for type uuid: "…".
const isDataException = (code: unknown) => /^22[0-9A-Z]{3}$/.test(String(code ?? ''));
const withoutValues = (text: string | undefined) => text?.replace(/: ".*"/gs, ': "…"');

/** A name of few values for an error, as `error.type`: the code of the error or of its cause, else the class. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  const { code, cause, name } = error as DescribedError;
  if (typeof code === 'string') return code;
  return cause instanceof Error ? errorType(cause) : name;
}
