import common from '@zxcvbn-ts/language-common/src/passwords.json' with { type: 'json' };
import { errors } from './account.errors.ts';

/**
 * Checks what NIST 800-63B requires beyond a length: a password is none of the most common ones, and not the account's own name.
 * @throws passwordTooCommon, passwordIsEmail
 */
export function checkPassword(password: string, email: string): void {
  const lower = password.toLowerCase();
  if (lower === email || lower === email.split('@')[0]) throw errors.passwordIsEmail();
  if (common.includes(lower)) throw errors.passwordTooCommon();
}
