import { RegistrationRequest } from '@fieldguide/contracts/identity';

const words: Readonly<Record<string, string>> = {
  name: 'Enter your name.',
  email: 'Enter an e-mail address, for example ada@example.org.',
  password: 'Choose a password of 8 to 128 characters.',
};

/** Checks a new password by the same contract. @returns what is wrong, by field */
export function passwordErrors(newPassword: string): Record<string, string> {
  const { success } = RegistrationRequest.shape.password.safeParse(newPassword);
  return success ? {} : { newPassword: words['password']! };
}

/** Checks a registration by identity's own contract. @returns what is wrong, by field */
export function registrationErrors(request: RegistrationRequest): Record<string, string> {
  const { error } = RegistrationRequest.safeParse(request);
  const fields = error?.issues.map(({ path }) => String(path[0])) ?? [];
  return Object.fromEntries(fields.map((field) => [field, words[field] ?? 'Check this.']));
}
