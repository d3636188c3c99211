import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { ApiError } from '../api/client.ts';
import { refresh } from '../api/platform.ts';

const TOAST_MS = 6_000;
const TOASTS_MAX = 4;

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
}
interface Question {
  readonly title: string;
  readonly risk: string;
  readonly verb: string;
  readonly answer: (isConfirmed: boolean) => void;
}
interface Feedback {
  readonly toasts: readonly Toast[];
  readonly question: Question | undefined;
}

let feedback: Feedback = { toasts: [], question: undefined };
let count = 0;
const listeners = new Set<() => void>();
const set = (change: Partial<Feedback>) => {
  feedback = { ...feedback, ...change };
  for (const listener of listeners) listener();
};
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

function toast(text: string, isError = false): void {
  const id = ++count;
  set({ toasts: [...feedback.toasts, { id, text, isError }].slice(-TOASTS_MAX) });
  setTimeout(() => set({ toasts: feedback.toasts.filter((each) => each.id !== id) }), TOAST_MS);
}

interface Action<T> {
  /** What starts: shown until it is done. */
  readonly begins?: string;
  readonly run: () => Promise<T>;
  /** Returns the new state. */
  readonly done: (result: T) => string;
  /** Set where data or availability is at risk. */
  readonly confirm?: Omit<Question, 'answer'>;
}

/** Runs an action, after confirmation where needed; a toast shows the new state or the error. */
export async function act<T>({ begins, run, done, confirm }: Action<T>): Promise<boolean> {
  if (confirm && !(await confirmed(confirm))) return false;
  if (begins) toast(begins);
  try {
    toast(done(await run()));
    return true;
  } catch (error) {
    const { message, hint } = error as ApiError;
    toast(hint ? `${message} Try: ${hint}` : message, true);
    return false;
  } finally {
    void refresh();
  }
}

function confirmed(question: Omit<Question, 'answer'>): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (isConfirmed: boolean) => {
      set({ question: undefined });
      resolve(isConfirmed);
    };
    set({ question: { ...question, answer } });
  });
}

/** Toasts and the open question; rendered once. */
export function FeedbackArea() {
  const { toasts, question } = useSyncExternalStore(subscribe, () => feedback);
  return (
    <>
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, text, isError }) => (
          <p key={id} className={isError ? 'toast error' : 'toast'}>
            {isError ? '■ ' : '● '}
            {text}
          </p>
        ))}
      </div>
      {question && <Confirmation question={question} />}
    </>
  );
}

function Confirmation({
  question: { title, risk, verb, answer },
}: {
  readonly question: Question;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={() => answer(false)} aria-labelledby="question">
      <h2 id="question">{title}</h2>
      <p>{risk}</p>
      <div className="row end">
        <button type="button" onClick={() => answer(false)}>
          Cancel
        </button>
        <button type="button" className="danger" onClick={() => answer(true)}>
          {verb}
        </button>
      </div>
    </dialog>
  );
}
