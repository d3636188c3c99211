// The load, in a process of its own: keep-alive connections with one request at a time each. Forked by run.ts.
import { Pool } from 'undici';
import { median } from '../statistics.ts';

/** A block of requests. */
export interface Load {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requests: number;
  readonly bodyBytes: number;
}
export interface LoadResult {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  /** Responses that a cache of the proxy has served. */
  readonly cacheHits: number;
  /** The first response that differs from what the service sends; it voids the block. */
  readonly fault?: string;
}

const CONNECTIONS = 32;
const pools = new Map<number, Pool>();

process.on('message', (load: Load) => {
  void run(load).then((result) => process.send!(result));
});
process.once('disconnect', () => process.exit());

async function run({ port, path, headers, requests, bodyBytes }: Load): Promise<LoadResult> {
  const pool =
    pools.get(port) ?? new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS });
  pools.set(port, pool);
  const took: number[] = [];
  let cacheHits = 0;
  let fault: string | undefined;
  let next = 0;
  const send = () =>
    new Promise<void>((resolve) => {
      const begun = performance.now();
      let status = 0;
      let bytes = 0;
      pool.dispatch(
        { path, method: 'GET', headers },
        {
          onRequestStart: () => undefined,
          onResponseStart: (_controller, statusCode, responseHeaders) => {
            status = statusCode;
            const cache = responseHeaders['cache-status'];
            if (typeof cache === 'string' && /;\s*hit/.test(cache)) cacheHits += 1;
          },
          onResponseData: (_controller, chunk) => {
            bytes += chunk.length;
          },
          onResponseEnd: () => {
            took.push(performance.now() - begun);
            if (status !== 200 || bytes !== bodyBytes)
              fault ??= `status ${status} with ${bytes} bytes`;
            resolve();
          },
          onResponseError: (_controller, { message }) => {
            fault ??= message;
            resolve();
          },
        },
      );
    });
  const begun = performance.now();
  const client = async () => {
    while (next++ < requests) await send();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  const perSecond = (requests / (performance.now() - begun)) * 1_000;
  const p99Ms = took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0;
  return { p50Ms: median(took), p99Ms, perSecond, cacheHits, ...(fault && { fault }) };
}
