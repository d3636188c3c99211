/** `42 s`, `7 min`, `3.2 h`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

/** `12.3 ms`, `450 ms`, `1.4 s`. */
export function millis(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** Clock time of this browser's zone. */
export function clock(time: string): string {
  return new Date(time).toLocaleTimeString('en-GB', { hour12: false });
}

export const secondsSince = (time: string, nowMs = Date.now()): number =>
  Math.max(0, (nowMs - Date.parse(time)) / 1_000);

export const shortId = (id: string): string => `${id.slice(0, 8)}…${id.slice(-4)}`;
