// Objectives of a system, and when to alert. Pure: the same definition gives PromQL and what the platform computes itself.

/** Label → regular expression that its whole value has to match. */
export type Labels = Readonly<Record<string, string>>;

/**
 * A service level objective. Its indicator is a histogram: each observation is an event, which is good when it was fast
 * enough and has not failed.
 */
export interface Objective {
  /** In camel case; names its alert. */
  readonly name: string;
  /** The promise to a user, in one sentence. */
  readonly summary: string;
  /** The app whose instances measure it. */
  readonly app: string;
  /** The app whose team keeps the promise, when another one measures it. */
  readonly keptBy?: string;
  readonly histogram: string;
  /** The events that count. */
  readonly where: Labels;
  /** Events that do not count. */
  readonly ignored?: Labels;
  /** Events that are bad, however fast. */
  readonly failed?: Labels;
  /** An upper bound of a bucket of the histogram. */
  readonly withinSeconds: number;
  /** Ratio of good events: 0.995. The rest is the error budget. */
  readonly target: number;
}

/** A condition that an operator has to look at. Its runbook has its name. */
export interface Alert {
  /** In Pascal case. */
  readonly name: string;
  /** `page`: look immediately. `ticket`: look within a working day. */
  readonly severity: 'page' | 'ticket';
  /** PromQL. */
  readonly expr: string;
  readonly forMinutes: number;
  /** What is wrong; may contain `{{ $labels.x }}` and `{{ $value }}`. */
  readonly summary: string;
}

/** The window of every objective; the burn rates below are shares of its budget. */
export const WINDOW_DAYS = 30;

/**
 * The budget is spent at `rate` times the speed that lasts for the window. The long window shows that it matters, the
 * short one that it still happens (Site Reliability Workbook, chapter 5).
 */
export const burnAlerts = [
  { severity: 'page', long: '1h', short: '5m', rate: 14.4 },
  { severity: 'page', long: '6h', short: '30m', rate: 6 },
  { severity: 'ticket', long: '1d', short: '2h', rate: 3 },
  { severity: 'ticket', long: '3d', short: '6h', rate: 1 },
] as const satisfies readonly {
  severity: Alert['severity'];
  long: string;
  short: string;
  rate: number;
}[];

/** The name of the alerts of an objective. */
export const burnAlertOf = ({ name }: Pick<Objective, 'name'>): string =>
  `${name[0]!.toUpperCase()}${name.slice(1)}BudgetBurn`;

/** Where the runbook of an alert is. */
export const runbookOf = (alert: string): string =>
  `docs/how-to/runbooks.md#${alert.toLowerCase()}`;

const oneOf = (labels: Labels, operator: string) =>
  Object.entries(labels).map(([label, pattern]) => `${label}${operator}${JSON.stringify(pattern)}`);

/** Returns PromQL for the events per second in a window. */
export function eventsPerSecond(objective: Objective, window: string): string {
  return `sum(rate(${objective.histogram}_count{${counted(objective)}}[${window}]))`;
}

/** Returns PromQL for the bad events per second in a window. */
export function errorsPerSecond(objective: Objective, window: string): string {
  const { histogram, failed = {}, withinSeconds } = objective;
  // Prometheus 3 writes 1 as 1.0.
  const le = Number.isInteger(withinSeconds)
    ? `le=~"${withinSeconds}([.]0)?"`
    : `le="${withinSeconds}"`;
  const good = [counted(objective), ...oneOf(failed, '!~'), le].join(',');
  // Without a good event the sum is empty, and so would be the difference.
  return `${eventsPerSecond(objective, window)} - (sum(rate(${histogram}_bucket{${good}}[${window}])) or vector(0))`;
}

function counted({ app, where, ignored = {} }: Objective): string {
  return [`job="${app}"`, ...oneOf(where, '=~'), ...oneOf(ignored, '!~')].join(',');
}

/** Returns whether a sample with these labels counts. */
export function isCounted({ where, ignored = {} }: Objective, labels: Labels): boolean {
  return matchesAll(where, labels) && !matchesAny(ignored, labels);
}

/** Returns whether a sample of a bucket with these labels counts good events. */
export function isGood(objective: Objective, labels: Labels): boolean {
  const { failed = {}, withinSeconds } = objective;
  const isInTime = Number(labels['le']) === withinSeconds;
  return isInTime && isCounted(objective, labels) && !matchesAny(failed, labels);
}

const isMatch = (labels: Labels, [label, pattern]: readonly [string, string]) =>
  new RegExp(`^(?:${pattern})$`).test(labels[label] ?? '');
const matchesAll = (wanted: Labels, labels: Labels) =>
  Object.entries(wanted).every((each) => isMatch(labels, each));
const matchesAny = (wanted: Labels, labels: Labels) =>
  Object.entries(wanted).some((each) => isMatch(labels, each));

/**
 * The burn rate of a budget: 1 spends all of it in the window, 0 none.
 * @returns undefined without events
 */
export function burnRate(
  { target }: Objective,
  events: number,
  errors: number,
): number | undefined {
  return events > 0 ? errors / events / (1 - target) : undefined;
}
