interface Window {
  count: number;
  readonly endsMs: number;
}

/** Counts by key in windows of a fixed length. Beyond the maximum of keys, the oldest windows are forgotten. */
export class FixedWindows {
  readonly #windows = new Map<string, Window>();

  constructor(
    private readonly lengthMs: number,
    private readonly keysMax: number,
  ) {}

  /** @returns the count of this key in its window, and the time until that ends */
  count(key: string, nowMs = performance.now()): { count: number; remainingMs: number } {
    let window = this.#windows.get(key);
    if (!window || window.endsMs <= nowMs) {
      window = { count: 0, endsMs: nowMs + this.lengthMs };
      this.#windows.delete(key); // a Map keeps the order of insertion: the oldest windows come first
      if (this.#windows.size >= this.keysMax)
        this.#windows.delete(this.#windows.keys().next().value!);
      this.#windows.set(key, window);
    }
    window.count += 1;
    return { count: window.count, remainingMs: window.endsMs - nowMs };
  }
}
