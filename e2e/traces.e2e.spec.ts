import { readFileSync } from 'node:fs';
import { Environment } from '@fieldguide/platform-host/environment';
import { readState, tokenFileOf } from '@fieldguide/platform-host/state';
import type { Trace, TraceSummary } from '@fieldguide/platform-traces/trace-queries';
import { describe, expect, it } from 'vitest';
import { platform } from './running-platform.ts';
import { newCustomer, orderOf, place, product, waitForEnd } from './shop.ts';

interface ZipkinSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId?: string;
  readonly kind?: 'CLIENT' | 'SERVER' | 'PRODUCER' | 'CONSUMER';
  readonly localEndpoint: { readonly serviceName: string };
}
// From ReserveStock to OrderCompleted; services send their spans every five seconds.
const MESSAGES_OF_AN_ORDER = 9;

const get = <T>(path: string) => platform().call<T>('GET', path);

describe('the trace of an order', () => {
  it('is one, has calls and messages, and no gap', async () => {
    const { token } = await newCustomer();
    const placed = await place(token, 'a-traced-order', orderOf('tok_ok', product.plenty));
    const { id } = await waitForEnd(token, placed.body.id);

    let spans: readonly ZipkinSpan[] = [];
    const ofKind = (kind: ZipkinSpan['kind']) => spans.filter((span) => span.kind === kind);
    const term = encodeURIComponent(`event_store.stream=order-${id}`);
    const roots = () => {
      const ids = new Set(spans.map((span) => span.id));
      return spans.filter(({ parentId }) => !parentId || !ids.has(parentId));
    };
    const progress = async () => {
      const traces = await get<ZipkinSpan[][]>(`/zipkin/api/v2/traces?annotationQuery=${term}`);
      spans = traces[0] ?? [];
      return { messages: ofKind('CONSUMER').length, roots: roots().map(({ kind }) => kind) };
    };
    await expect
      .poll(progress, { timeout: 60_000, interval: 250 })
      .toEqual({ messages: MESSAGES_OF_AN_ORDER, roots: ['SERVER'] });
    const apps = new Set(spans.map(({ localEndpoint }) => localEndpoint.serviceName));
    expect([...apps].toSorted()).toEqual([
      'gateway',
      'inventory',
      'ordering',
      'payment-provider',
      'payments',
      'shipping',
    ]);
    expect(ofKind('SERVER').length).toBeGreaterThanOrEqual(3);
    expect(ofKind('CLIENT').length).toBeGreaterThanOrEqual(4);

    const { traceId } = spans[0]!;
    const traces = await get<TraceSummary[]>(`/traces?order=${id}`);
    expect(traces).toContainEqual(expect.objectContaining({ traceId, errors: 0 }));
    expect(await get<Trace>(`/traces/${traceId}`)).toMatchObject({ missingParents: 0 });
  });
});

describe('Lens', () => {
  const open = async (path: string) => {
    const environment = new Environment('e2e');
    const { apiUrl } = readState(environment)!;
    const authorization = `Bearer ${readFileSync(tokenFileOf(environment), 'utf8')}`;
    const response = await fetch(`${apiUrl}/zipkin/${path}`, { headers: { authorization } });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('is served at every address of a view, and is checked with the server each time', async () => {
    for (const path of ['', 'traces/0af7651916cd43dd8448eb211c80319c', 'dependency']) {
      const { status, headers, text } = await open(path);
      expect([path, status, headers.get('cache-control')]).toEqual([path, 200, 'no-cache']);
      expect(headers.get('content-security-policy')).toMatch("script-src 'self';");
      expect(text).toContain('<div id="root">');
    }
  });

  it('has scripts that a browser keeps', async () => {
    const [script] = /static\/js\/[\w.-]+/.exec((await open('')).text)!;
    const { status, headers } = await open(script);
    expect([status, headers.get('cache-control')]).toEqual([
      200,
      expect.stringContaining('immutable'),
    ]);
    expect(headers.get('content-type')).toMatch('text/javascript');
  });

  it.each(['static/js/other.js', 'static/..%2f..%2fsecrets.json', 'static/%2fetc%2fpasswd'])(
    'serves no other file: %s',
    async (path) => expect((await open(path)).status).toBe(404),
  );
  it('serves no file of the environment', async () =>
    expect((await open('..%2f..%2fsecrets.json')).text).not.toMatch('postgresPassword'));
});
