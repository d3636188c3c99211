import type { Log } from './log.ts';

/**
 * Names of OWASP's logging vocabulary and `authn_token_invalid`, with the level of their log lines.
 * docs/reference/security-events.md explains each.
 */
export const securityEvents = {
  authn_login_success: 'info',
  authn_login_fail: 'warn',
  authn_login_lock: 'warn',
  authn_password_change: 'info',
  authn_password_change_fail: 'warn',
  authn_token_invalid: 'warn',
  authn_token_reuse: 'warn',
  authn_token_revoked: 'info',
  authz_admin: 'info',
  authz_fail: 'warn',
  sensitive_delete: 'info',
  user_created: 'info',
  user_deleted: 'info',
} as const;
export type SecurityEventName = keyof typeof securityEvents;

export interface SecurityEvent {
  /** Id of an account or a client, never a name or an e-mail address; undefined when it is not known. */
  readonly who?: string | undefined;
  /** What it is about: a route, or a resource with its id. Never a secret. */
  readonly what?: string | undefined;
  /** Network address of the caller. */
  readonly from?: string | undefined;
}

/** Lines of one name in a second; an attacker must not displace the log of what happened before. */
const PER_SECOND_MAX = 20;
const counts = new Map<SecurityEventName, { second: number; count: number; dropped: number }>();

/** Writes a security event into the log, at most 20 of a name in a second; the next line states how many were dropped. */
export function securityEvent(log: Log, name: SecurityEventName, event: SecurityEvent): void {
  const second = Math.floor(performance.now() / 1_000);
  let window = counts.get(name);
  if (window?.second !== second) {
    window = { second, count: 0, dropped: window?.dropped ?? 0 };
    counts.set(name, window);
  }
  window.count += 1;
  if (window.count > PER_SECOND_MAX) {
    window.dropped += 1;
    return;
  }
  const { dropped } = window;
  window.dropped = 0;
  const { who, what, from } = event;
  const line = { security_event: name, who, what, from, ...(dropped > 0 && { dropped }) };
  log[securityEvents[name]](line, 'Security event');
}
