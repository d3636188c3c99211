/** What a proxy does to the traffic that passes it. A percentage counts exchanges: a request with its response. */
export type Disturbance =
  | {
      readonly kind: 'latency';
      readonly delayMs: number;
      readonly jitterMs: number;
      readonly percent: number;
    }
  /** Closes the connection with RST. */
  | { readonly kind: 'reset'; readonly percent: number }
  /** Closes the port, and every open connection. */
  | { readonly kind: 'refuse' }
  /** Responds instead of the app; HTTP only. */
  | { readonly kind: 'http-error'; readonly status: number; readonly percent: number };

/** What happens to one exchange. */
export type Outcome =
  | { readonly kind: 'pass'; readonly delayMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'respond'; readonly status: number };

/** Decides about one exchange. The first error wins; delays add up. @param random from 0 to 1 */
export function outcomeOf(disturbances: Iterable<Disturbance>, random: () => number): Outcome {
  let delayMs = 0;
  for (const each of disturbances) {
    if (each.kind === 'refuse' || random() * 100 >= each.percent) continue;
    if (each.kind === 'reset') return { kind: 'reset' };
    if (each.kind === 'http-error') return { kind: 'respond', status: each.status };
    delayMs += Math.max(0, each.delayMs + (random() * 2 - 1) * each.jitterMs);
  }
  return { kind: 'pass', delayMs };
}
