// The receiver and the store in a thread of their own: SQLite and the conversion of large requests block it, and not the
// platform.
import { flushCompileCache } from 'node:module';
import { setImmediate as yieldToRequests } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { queriesOf } from './queries.ts';
import { startReceiver } from './receiver.ts';
import { SpanStore } from './span-store.ts';

export interface ThreadSettings {
  readonly file: string;
  readonly port: number;
  readonly token: string;
}
export interface ThreadRequest {
  readonly id: number;
  readonly name: string;
  readonly values: readonly unknown[];
}
export type ThreadMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'dropped'; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly json?: string | undefined }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string };

const EXPIRE_EVERY_MS = 10_000;

const { file, port, token } = workerData as ThreadSettings;
const send = (message: ThreadMessage) => parentPort!.postMessage(message);
const store = new SpanStore({ file });
const queries = queriesOf(store, Date.now) as Record<string, (...values: unknown[]) => unknown>;

parentPort!.on('message', ({ id, name, values }: ThreadRequest) => {
  try {
    send({ kind: 'answer', id, json: JSON.stringify(queries[name]!(...values)) });
  } catch (error) {
    send({ kind: 'failure', id, message: (error as Error).message });
  }
});
setInterval(async () => {
  try {
    while (store.expire() > 0) await yieldToRequests();
  } catch {
    // The store cannot be written; the receiver reports it with the next spans.
  }
}, EXPIRE_EVERY_MS);
await startReceiver({
  port,
  token,
  store,
  onDropped: ({ message }) => send({ kind: 'dropped', reason: message }),
});
flushCompileCache(); // the thread is terminated, which does not write it
send({ kind: 'ready' });
