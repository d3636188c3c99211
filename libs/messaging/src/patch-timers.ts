import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  enforceRequestTimeout: boolean;
  requestTimeoutIntervalId: NodeJS.Timeout | null;
  inflight: Map<number, { sentAt: number; requestTimeout: number; timeoutRequest(): void }>;
  isConnected(): boolean;
  destroy(): void;
}

const CHECK_AGAIN_MS = 10;
const TIMEOUT_CHECK_MS = 1_000;

/**
 * kafkajs 2.2.4 looks ten times a second, on every connection, whether a request has taken too long; with limits of
 * seconds once a second is enough. Half of a resting service's CPU (measured).
 */
export function patchTimeoutCheck(): void {
  RequestQueue.prototype.scheduleRequestTimeoutCheck = function mended(this: Queue) {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    this.requestTimeoutIntervalId = setInterval(() => {
      for (const request of this.inflight.values()) {
        if (Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
      }
      if (!this.isConnected()) this.destroy();
    }, TIMEOUT_CHECK_MS);
  };
}

/**
 * kafkajs 2.2.4 arms a timer of -1 ms again and again although nothing waits: about 5 % of a core per idle process
 * (measured). The override arms it only when something is pending or the broker asked us to slow down.
 */
export function patchIdleTimer(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = function mended(this: Queue) {
    const throttledMs = this.throttledUntil - Date.now();
    if (this.throttleCheckTimeoutId || (this.pending.length === 0 && throttledMs <= 0)) return;
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs > 0 ? throttledMs : CHECK_AGAIN_MS,
    );
  };
}
