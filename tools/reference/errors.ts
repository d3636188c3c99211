import { pathToFileURL } from 'node:url';
import { page, table } from './markdown.ts';
import { sources } from './sources.ts';

/** The action of a caller, by status. */
const advice: Readonly<Record<number, string>> = {
  400: 'Correct the request. `errors` points at each wrong field.',
  401: 'Sign in and send the new token.',
  403: 'Do not repeat: this caller may not do it.',
  404: 'Check the id in the path.',
  405: 'Use a method that the `allow` header lists.',
  409: 'Read the resource again, then decide again.',
  408: 'Send the whole request in time.',
  413: 'Send a smaller body.',
  417: 'Leave the `expect` header out.',
  422: 'Correct the request. Repeated unchanged, it fails again.',
  429: 'Wait for the seconds in `retry-after`.',
  431: 'Send smaller headers.',
  500: 'Report it with its `traceId`.',
  501: 'Use a method that HTTP defines.',
  503: 'Repeat after a pause, with the same idempotency key.',
  504: 'Repeat with more time, with the same idempotency key.',
};

/** Errors whose title names the resource, so that the source has no literal. */
const meanings: Readonly<Record<string, string>> = {
  deadLetterFinished: 'The dead letter was redriven or discarded before.',
  deadLetterNotFound: 'There is no such dead letter, or this instance handles no messages.',
  notFound: 'There is no such route or resource.',
};

export interface ErrorEntry {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly file: string;
}

/** Reads the errors of every service by importing its table. */
export async function serviceErrors(): Promise<ErrorEntry[]> {
  const files = sources('apps/*/src/**/*.ts').filter(({ text }) => /\bdefineErrors\(/.test(text));
  const found = await Promise.all(
    files.map(async ({ file }) => {
      const exported = Object.values(await import(pathToFileURL(file).href)) as unknown[];
      return exported.flatMap(errorsIn).map((entry) => ({ ...entry, file }));
    }),
  );
  return found.flat().toSorted((a, b) => a.code.localeCompare(b.code));
}

/** The errors that libraries and the gateway return for any service: a status followed by a code literal. */
export function sharedErrors(): ErrorEntry[] {
  const pattern = /\b([45]\d\d)(?:,| \?)\s*'([a-z]\w+)'(?:,\s*(?:(['`])(.*?)\3|(title)\b))?/g;
  const entries = sources('{libs,apps}/*/src/**/*.ts').flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].map((match) => {
      const [, status = '', code = '', , literal, isTitle] = match;
      const before = [...text.slice(0, match.index).matchAll(/title = (['`])(.*?)\1/g)];
      const title = literal ?? (isTitle ? before.at(-1)?.[2] : undefined) ?? meanings[code] ?? '';
      return { code, status: Number(status), message: title.replaceAll(/\$\{.*?\}/g, '…'), file };
    }),
  );
  const byCode = new Map<string, ErrorEntry>();
  for (const entry of entries.toSorted((a, b) => b.message.length - a.message.length))
    if (!byCode.has(entry.code)) byCode.set(entry.code, entry);
  return [...byCode.values()].toSorted((a, b) => a.code.localeCompare(b.code));
}

export async function errorsPage(): Promise<string> {
  const services = Map.groupBy(await serviceErrors(), ({ code }) => code.split('.')[0]!);
  const shared = sharedErrors();
  const statuses = [...new Set([...shared, ...[...services.values()].flat()].map((e) => e.status))];
  return page(
    'Errors',
    'Every error response is a problem document (RFC 9457). Its `type` is `/problems/<code>`; codes are stable, titles are for people. Errors of the HTTP parser take their code from Fastify: `FST_ERR_CTP_BODY_TOO_LARGE` becomes `bodyTooLarge`.',
    table(
      ['status', 'action'],
      statuses.toSorted().map((status) => [String(status), advice[status] ?? '']),
    ),
    '## Any service',
    tableOf(shared),
    ...[...services].flatMap(([service, entries]) => {
      const files = [...new Set(entries.map(({ file }) => file))];
      const links = files.map((file) => `[${file.split('/').at(-1)}](../../${file})`).join(', ');
      return [`## ${service}`, `Defined in ${links}.`, tableOf(entries)];
    }),
  );
}

/** Finds error codes in a text that the service does not define. */
export function unknownCodesIn(file: string, text: string, defined: ReadonlySet<string>): string[] {
  const returned = [...text.matchAll(/\b[45]\d\d `([a-z][\w.]*)`/g)];
  const owned = [...defined].filter((code) => code.includes('.'));
  const services = new Set(owned.map((code) => code.split('.')[0]!));
  const ofServices = [...text.matchAll(/`((\w+)\.[a-z]+[A-Z]\w*)`/g)];
  return [...returned, ...ofServices.filter(([, , service]) => services.has(service!))]
    .filter(([, code]) => !defined.has(code!))
    .map(([, code]) => `${file} mentions the error ${code}, which no service defines`);
}

function tableOf(entries: readonly ErrorEntry[]): string {
  return table(
    ['code', 'status', 'meaning'],
    entries.map(({ code, status, message }) => [`\`${code}\``, String(status), message]),
  );
}

function errorsIn(exported: unknown): Omit<ErrorEntry, 'file'>[] {
  if (typeof exported !== 'object' || exported === null) return [];
  return Object.values(exported).flatMap((make) => {
    if (typeof make !== 'function' || make.prototype) return [];
    const { code, status, message } = make() as ErrorEntry;
    return code && status ? [{ code, status, message }] : [];
  });
}
