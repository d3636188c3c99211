import { newCustomer, operatorToken, send } from './shop.ts';

/** A request that cannot be answered. */
export interface Bad {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly as?: 'customer' | 'operator';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The bad field, when it is one. */
  readonly pointer?: string;
  /** An instance, for what the gateway does not lead to. */
  readonly origin?: string;
}

const AT_ONCE = 8;
const tokens = { customer: '', operator: '' };

export async function signIn(): Promise<typeof tokens> {
  const { token: customer } = await newCustomer();
  return Object.assign(tokens, { customer, operator: await operatorToken() });
}

/** Sends all of them. @returns those that were not answered with a problem of the caller's, and how they were */
export async function notRefused(rows: readonly Bad[]): Promise<string[]> {
  const faults: string[] = [];
  const queue = [...rows];
  const worker = async () => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      const fault = await faultOf(row);
      if (fault) faults.push(`${row.what}: ${row.method} ${row.path}: ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return faults.toSorted();
}

async function faultOf({ method, path, as, body, headers = {}, pointer, origin }: Bad) {
  const answer = await send(method, path, {
    ...(as && { token: tokens[as] }),
    ...(body !== undefined && { body }),
    ...(origin && { origin }),
    headers: { 'idempotency-key': 'bad-input', 'if-match': '"1"', ...headers },
  });
  const type = answer.headers.get('content-type') ?? 'nothing';
  if (answer.status < 400 || answer.status > 499) return `answered ${answer.status}`;
  if (!type.includes('application/problem+json')) return `answered ${answer.status} as ${type}`;
  const pointers = (answer.body.errors ?? []).map((each: { pointer: string }) => each.pointer);
  if (pointer && !pointers.includes(pointer)) return `points at ${pointers.join(' ') || 'nothing'}`;
  return undefined;
}

/** The same body with another value at a place in it. */
export function replaced(body: object, place: string, value: unknown): object {
  const copy = structuredClone(body) as Record<string, never>;
  const path = place.split('/');
  const last = path.pop()!;
  const parent = path.reduce<Record<string, never>>((at, part) => at[part]!, copy);
  Object.assign(parent, { [last]: value });
  return copy;
}

/** As both lists write it. */
export function cursor(text: string): string {
  return Buffer.from(text).toString('base64url');
}
