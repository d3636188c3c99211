import { newCustomer, operatorToken, send } from './shop.ts';

/** A request that must be rejected with a 4xx problem. */
export interface BadRequest {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly as?: 'customer' | 'operator';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON pointer to the invalid field, if the problem must name one. */
  readonly pointer?: string;
  /** URL of an instance, for routes that the gateway does not expose. */
  readonly origin?: string;
}

const CONCURRENCY = 8;
const tokens = { customer: '', operator: '' };

export async function signIn(): Promise<typeof tokens> {
  const { token: customer } = await newCustomer();
  return Object.assign(tokens, { customer, operator: await operatorToken() });
}

/** Sends all requests. @returns a line for each response that is not a 4xx problem with the expected pointer */
export async function unexpectedResponses(rows: readonly BadRequest[]): Promise<string[]> {
  const mismatches: string[] = [];
  const queue = [...rows];
  const worker = async () => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      const mismatch = await describeMismatch(row);
      if (mismatch) mismatches.push(`${row.what}: ${row.method} ${row.path}: ${mismatch}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return mismatches.toSorted();
}

async function describeMismatch({
  method,
  path,
  as,
  body,
  headers = {},
  pointer,
  origin,
}: BadRequest) {
  const response = await send(method, path, {
    ...(as && { token: tokens[as] }),
    ...(body !== undefined && { body }),
    ...(origin && { origin }),
    headers: { 'idempotency-key': 'bad-input', 'if-match': '"1"', ...headers },
  });
  const type = response.headers.get('content-type') ?? 'nothing';
  if (response.status < 400 || response.status > 499) return `returned ${response.status}`;
  if (!type.includes('application/problem+json')) return `returned ${response.status} as ${type}`;
  const pointers = (response.body.errors ?? []).map((each: { pointer: string }) => each.pointer);
  if (pointer && !pointers.includes(pointer)) return `points at ${pointers.join(' ') || 'nothing'}`;
  return undefined;
}

/** Returns a copy of the body with another value at the given path. */
export function withValueAt(body: object, place: string, value: unknown): object {
  const copy = structuredClone(body) as Record<string, never>;
  const path = place.split('/');
  const last = path.pop()!;
  const parent = path.reduce<Record<string, never>>((at, part) => at[part]!, copy);
  Object.assign(parent, { [last]: value });
  return copy;
}

/** Encodes a cursor as the list endpoints do. */
export function encodeCursor(text: string): string {
  return Buffer.from(text).toString('base64url');
}
