import { useCallback, useEffect, useRef, useState } from 'react';
import type { ApiError } from './client.ts';
import { usePlatform } from './platform.ts';

export interface Query<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly reload: () => Promise<void>;
}

/**
 * Reads data when the key changes, then every `everyMs`, and after the platform was away. Keeps the last data beside an error.
 * @param key identifies what is read; undefined reads nothing
 */
export function useQuery<T>(
  key: string | undefined,
  read: () => Promise<T>,
  everyMs?: number,
): Query<T> {
  const [result, setResult] = useState<{ key?: string; data?: T; error?: ApiError }>({});
  const { connection } = usePlatform();
  const latest = useRef(read);
  latest.current = read;
  const reload = useCallback(async () => {
    if (key === undefined) return;
    try {
      const data = await latest.current();
      setResult({ key, data });
    } catch (error) {
      setResult((before) => ({
        key,
        error: error as ApiError,
        ...(before.key === key && before.data !== undefined && { data: before.data }),
      }));
    }
  }, [key]);
  useEffect(() => {
    if (connection !== 'online') return;
    void reload();
    if (everyMs === undefined) return;
    const timer = setInterval(() => void reload(), everyMs);
    return () => clearInterval(timer);
  }, [reload, everyMs, connection]);
  const isCurrent = result.key === key;
  return {
    data: isCurrent ? result.data : undefined,
    error: isCurrent ? result.error : undefined,
    reload,
  };
}
