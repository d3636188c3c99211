import { describe, expect, it } from 'vitest';
import { checkPassword } from './password-rules.ts';

const check = (password: string) => () => checkPassword(password, 'ada.lovelace@fieldguide.test');

describe('a password', () => {
  it.each(['password', 'PASSWORD', '12345678', 'qwertyuiop', 'trustno1', 'passw0rd'])(
    'is refused when it is as common as %s',
    (password) =>
      expect(check(password)).toThrow(
        expect.objectContaining({ code: 'identity.passwordTooCommon', status: 422 }),
      ),
  );
  it.each(['ada.lovelace@fieldguide.test', 'Ada.Lovelace'])(
    "is refused when it is the account's own e-mail: %s",
    (password) =>
      expect(check(password)).toThrow(
        expect.objectContaining({ code: 'identity.passwordIsEmail', status: 422 }),
      ),
  );
  it.each(['outdoor-gear', 'correct horse', 'ünïcödë 8'])('may be %s', (password) =>
    expect(check(password)).not.toThrow(),
  );
});
