/** An error response of the platform, or none at all (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly hint: string | undefined;

  constructor(status: number, title: string, hint?: string) {
    super(title);
    this.status = status;
    this.hint = hint;
  }
}

/** Calls the platform with the session's cookie. @throws ApiError */
export async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(path, {
    method,
    ...(body && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  }).catch(() => {
    throw new ApiError(0, 'The platform does not respond.', 'npm start');
  });
  const text = await response.text();
  if (!response.ok) throw toError(response.status, text);
  return (text === '' ? undefined : parse(text)) as T;
}

/** Calls an app as the operator; the path is one of the app's own. */
export const callApp = <T>(app: string, method: string, path: string, body?: object): Promise<T> =>
  call(method, `/apps/${app}/calls${path}`, body);

function toError(status: number, text: string): ApiError {
  const { title, hint } = parse(text) as { title?: string; hint?: string };
  return new ApiError(status, title ?? `The answer was ${status}.`, hint);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}
