import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

const CHECK_AGAIN_MS = 10;

/**
 * kafkajs 2.2.4 arms a timer of -1 ms again and again although nothing waits: about 5 % of a core per idle process
 * (measured). The override arms it only when something is pending or the broker asked us to slow down.
 */
export function mendIdleTimer(): void {
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
