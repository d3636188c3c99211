import { type FormEvent, useState } from 'react';
import { entriesOf, Field, focusFirstError } from '../design/field.tsx';
import { ErrorNotice, Notice } from '../design/notice.tsx';
import { passwordErrors } from '../session/registration-errors.ts';
import { shop } from '../shop.ts';

export function ChangePassword({ onChanged }: { onChanged: () => void }) {
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<unknown>();
  const [isDone, setDone] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { currentPassword = '', newPassword = '' } = entriesOf(form);
    const found = {
      ...(!currentPassword && { currentPassword: 'Enter your current password.' }),
      ...passwordErrors(newPassword),
    };
    setErrors(found);
    setFailure(undefined);
    setDone(false);
    if (Object.keys(found).length > 0) return void focusFirstError(form);
    try {
      await shop.changePassword({ currentPassword, newPassword });
      form.reset();
      setDone(true);
      onChanged();
    } catch (problem) {
      setFailure(problem);
    }
  };
  return (
    <form className="sheet narrow" onSubmit={submit} noValidate aria-labelledby="password">
      <h2 id="password">Change my password</h2>
      <Field
        label="Current password"
        name="currentPassword"
        type="password"
        autoComplete="current-password"
        error={errors['currentPassword']}
      />
      <Field
        label="New password"
        name="newPassword"
        type="password"
        autoComplete="new-password"
        hint="8 to 128 characters. You are signed out everywhere else."
        error={errors['newPassword']}
      />
      <ErrorNotice error={failure} />
      <div role="status">{isDone && <Notice kind="good">Your password is changed.</Notice>}</div>
      <button type="submit" className="primary">
        Change my password
      </button>
    </form>
  );
}
