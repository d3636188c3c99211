// What the Orders view reads of ordering's endpoints, and of the plug-in `explain`.

interface Money {
  readonly amountMinor: number;
  readonly currency: string;
}

export interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly status: string;
  readonly statusReason?: string;
  readonly lines: readonly { readonly name?: string; readonly quantity: number }[];
  readonly total: Money;
  readonly payment: { readonly status: string };
  readonly placedAt: string;
  readonly updatedAt: string;
}

export interface Checkout {
  readonly orderId: string;
  readonly step: string;
  readonly waitsSince: string;
  readonly deadlineAt: string;
  readonly overdueSince: string | null;
  readonly retries: number;
}

export interface LoggedEvent {
  readonly version: number;
  readonly type: string;
  readonly time: string;
  readonly data: object;
  readonly actor?: string;
  readonly state?: object;
}

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly what: string;
  readonly atMs: number;
  readonly tookMs?: number;
  readonly handledBy?: { readonly service: string; readonly file: string; readonly line: number };
}

/** The app that this view is about: it exists in a map with the plug-in `orders`. */
export const APP = 'ordering';

export const money = ({ amountMinor, currency }: Money): string =>
  new Intl.NumberFormat('en-GB', { style: 'currency', currency }).format(amountMinor / 100);
