import { useCallback, useEffect, useState } from 'react';
import type { z } from 'zod';
import type { Stale } from '../api/stale.ts';
import { answers } from '../shop.ts';
import type { Answer } from './last-answers.ts';

export interface Loaded<T> {
  readonly value: T | undefined;
  /** When the service gave the value, if a newer one could not be loaded, here or by the gateway. */
  readonly staleSinceMs: number | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  readonly reload: () => Promise<void>;
}

interface Options<T> {
  /** Keeps the answer in this browser; only for what anyone may see. */
  readonly keep?: z.ZodType<T>;
  /** The next best answer, when there is no last one for this key. */
  readonly instead?: (() => Answer<T> | undefined) | undefined;
}

/** Loads a value, shows the last good one meanwhile, and reports when no newer one comes. @param key null: nothing yet */
export function useLoaded<T>(
  key: string | null,
  load: () => Promise<T>,
  { keep, instead }: Options<T> = {},
): Loaded<T> {
  const known = key === null ? undefined : (answers.get(key, keep) ?? instead?.());
  const [state, setState] = useState<{ key: string | null; error?: unknown; done: boolean }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what is loaded
  const reload = useCallback(async () => {
    if (key === null) return;
    try {
      answers.put(key, await load(), keep !== undefined);
      setState({ key, done: true });
    } catch (error) {
      setState({ key, error, done: true });
    }
  }, [key]);
  useEffect(() => void reload(), [reload]);
  const { error, done } = state?.key === key ? state! : { error: undefined, done: false };
  const { staleSinceMs } = (known?.value ?? {}) as Stale;
  return {
    value: known?.value,
    staleSinceMs: staleSinceMs ?? (error !== undefined ? known?.asOfMs : undefined),
    error,
    isLoading: !done && known === undefined,
    reload,
  };
}
