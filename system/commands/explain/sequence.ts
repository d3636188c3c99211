import type { HandledBy, Handlers } from './handlers.ts';
import type { PublishedMessage } from './published-messages.ts';

/** One message, or an event within one service when `from` equals `to`. */
export interface Arrow {
  /** A service, `customer` or `provider`. */
  readonly from: string;
  readonly to: string;
  readonly what: string;
  /** Milliseconds since the order was placed. */
  readonly atMs: number;
  /** Milliseconds until the reply; undefined without a reply. */
  readonly tookMs?: number;
  readonly handledBy?: HandledBy;
}

/** The recorded messages, events and operations from which the diagram is drawn. */
export interface OrderTrace {
  readonly placedAt: Date;
  readonly messages: readonly PublishedMessage[];
  /** The order's timeline, including events that are not published. */
  readonly timeline: readonly { readonly type: string; readonly time: string }[];
  /** The payment provider's operations for this order. */
  readonly operations: readonly {
    readonly kind: string;
    readonly outcome: string;
    readonly at: string;
  }[];
}

// Decided within ordering, by a deadline or an operator: not published as messages.
const inner = new Set([
  'DeadlinePassed',
  'CheckoutOverdue',
  'CheckoutRetried',
  'CheckoutAbandoned',
]);

/** Returns senders and receivers in the order in which they appear: the columns of the diagram. */
export function actorsOf(arrows: readonly Arrow[]): string[] {
  return [...new Set(arrows.flatMap(({ from, to }) => [from, to]))];
}

/** Returns all arrows in order of time. */
export function sequenceOf(trace: OrderTrace, handlers: Handlers): Arrow[] {
  const since = (time: Date) => Math.max(0, time.getTime() - trace.placedAt.getTime());
  const arrows = [
    request('ordering POST /orders', trace.placedAt),
    ...trace.messages.flatMap(between),
    ...trace.operations.map(charge),
    ...trace.timeline.filter(({ type }) => inner.has(type)).map(toSelfArrow),
  ];
  const cancelled = trace.messages.find(({ type }) => type === 'CancellationRequested');
  const decided = trace.messages.find(({ type }) => type === 'OrderCancelled');
  const byShipping = trace.messages.some(({ type }) => type === 'ShipmentCancelled');
  const cancellation = cancelled ?? (byShipping ? undefined : decided);
  if (cancellation)
    arrows.push(request('ordering POST /orders/:id/cancellation', cancellation.time));
  return arrows.toSorted((a, b) => a.atMs - b.atMs || rank(a) - rank(b));

  function request(route: string, time: Date): Arrow {
    const handledBy = handlers.routes.get(route);
    const what = route.replace('ordering ', '');
    return {
      from: 'customer',
      to: 'ordering',
      what,
      atMs: since(time),
      ...(handledBy && { handledBy }),
    };
  }

  /** Returns one arrow to each service that consumes the message. */
  function between(message: PublishedMessage): Arrow[] {
    const { id, type, source, time } = message;
    const reply = trace.messages.find(({ causationId }) => causationId === id);
    const tookMs = reply && reply.time.getTime() - time.getTime();
    const consumers = handlers.messages.get(type) ?? [];
    if (consumers.length === 0)
      return [{ from: source, to: source, what: type, atMs: since(time) }];
    return consumers.map((handledBy) => ({
      from: source,
      to: handledBy.service,
      what: type,
      atMs: since(time),
      handledBy,
      ...(tookMs !== undefined && { tookMs }),
    }));
  }

  function charge({ kind, outcome, at }: OrderTrace['operations'][number]): Arrow {
    const handledBy = handlers.routes.get('payment-provider POST /operations');
    const what = `${kind}: ${outcome}`;
    const atMs = since(new Date(at));
    return { from: 'payments', to: 'provider', what, atMs, ...(handledBy && { handledBy }) };
  }

  function toSelfArrow({ type, time }: OrderTrace['timeline'][number]): Arrow {
    return { from: 'ordering', to: 'ordering', what: type, atMs: since(new Date(time)) };
  }
}

/** Orders arrows of the same millisecond: requests first, then decisions, then the resulting messages. */
function rank({ from, to, what }: Arrow): number {
  if (from === 'customer') return 0;
  if (inner.has(what)) return 1;
  return from === to ? 2 : 3;
}
