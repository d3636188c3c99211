// Starts and judges a mystery on a running system; the commands keep the score.
import type { PlatformClient } from '@fieldguide/platform-cli/client/platform-client';
import type { Shop } from '../frame/shop.ts';
import type { Mystery } from './mysteries.ts';

export interface Answer {
  readonly service: string;
  readonly pattern: string;
  readonly evidence: string;
}
/** Whether each part of an answer is right, and help with the first that is not. */
export interface Judgement {
  readonly service: boolean;
  readonly pattern: boolean;
  readonly evidence: boolean;
  readonly help?: string;
}

const FAULT_SECONDS = 3_600;
const ORDERS = 12;
/** A gauge may be older than what it counts. */
const GAUGES_READ_MS = 16_000;
const EVIDENCE_LENGTH_MAX = 200;

export async function begin(platform: PlatformClient, { cause }: Mystery): Promise<void> {
  if ('kind' in cause) {
    const body = { ...cause, forSeconds: FAULT_SECONDS, force: true, hidden: true };
    await platform.call('POST', '/faults', body);
    return;
  }
  const { app, key, value } = cause;
  await platform.call('PUT', `/apps/${app}/settings/${key}`, { value });
}

/** Places orders, so that a fault that needs traffic shows. @returns the ids of the accepted ones */
export async function placeOrders(shop: Shop): Promise<readonly string[]> {
  const placed = await Promise.allSettled(Array.from({ length: ORDERS }, () => shop.place()));
  return placed.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

/** Ends the fault. Resolves when the system is restored. */
export async function end(platform: PlatformClient, { cause }: Mystery): Promise<void> {
  await platform.call('DELETE', '/faults');
  if ('key' in cause) await platform.call('DELETE', `/apps/${cause.app}/settings/${cause.key}`);
}

export async function judge(shop: Shop, mystery: Mystery, answer: Answer): Promise<Judgement> {
  const service = answer.service.trim() === mystery.service;
  const pattern = answer.pattern.trim() === mystery.pattern;
  const named = mystery.evidence.filter(({ terms }) => names(answer.evidence, terms));
  const there = await Promise.all(
    named.map(({ isThere }) =>
      shop.last(() => isThere(shop).catch(() => false), Boolean, GAUGES_READ_MS),
    ),
  );
  const evidence = there.includes(true);
  const help = helpWith({ service, pattern, evidence }, named.length > 0, answer);
  return { service, pattern, evidence, ...(help && { help }) };
}

const plain = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim();

/** Ignores case and punctuation. A long text, such as a whole page of metrics, names nothing. */
function names(evidence: string, terms: readonly string[]): boolean {
  if (evidence.length > EVIDENCE_LENGTH_MAX) return false;
  return terms.some((term) => ` ${plain(evidence)} `.includes(` ${plain(term)} `));
}

function helpWith(
  { service, pattern, evidence }: Omit<Judgement, 'help'>,
  isNamed: boolean,
  answer: Answer,
): string | undefined {
  if (!service)
    return 'Another service. Follow one order with "explain": which app does the last message wait for? Look behind that one too.';
  if (!pattern)
    return 'The service is right, the pattern is not. What would each pattern change in status, settings and dead letters?';
  if (evidence) return undefined;
  if (isNamed)
    return 'That would show it, but the system does not show it now. "lab mystery" places more orders; then look again.';
  if (answer.evidence.length > EVIDENCE_LENGTH_MAX)
    return `Name one metric, setting or output, in ${EVIDENCE_LENGTH_MAX} characters at most.`;
  return 'The evidence does not show this cause. Name a metric, a setting, or words of a command’s output that differ now.';
}
