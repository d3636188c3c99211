import { useEffect, useState } from 'react';
import type { TimelineItem } from '../api/reads.ts';
import { shop } from '../shop.ts';
import { isSettled } from './order-progress.ts';

const POLL_MS = 500;
const POLL_AFTER_ERROR_MS = 2_000;

interface WatchedTimeline {
  readonly items: readonly TimelineItem[];
  readonly error: unknown;
  /** When the last answer came. */
  readonly asOfMs: number | undefined;
}

/** Follows an order until it has ended: an unchanged timeline costs a 304. */
export function useTimeline(id: string): WatchedTimeline {
  const [watched, setWatched] = useState<WatchedTimeline>({
    items: [],
    error: undefined,
    asOfMs: undefined,
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    let etag: string | undefined;
    const poll = async () => {
      let waitMs = POLL_MS;
      try {
        const answer = await shop.timeline(id, etag);
        if (isGone) return;
        etag = answer?.etag ?? etag;
        setWatched((old) => ({
          items: answer?.items ?? old.items,
          error: undefined,
          asOfMs: Date.now(),
        }));
        if (answer && isSettled(answer.items.map(({ type }) => type))) return;
      } catch (error) {
        if (isGone) return;
        setWatched((old) => ({ ...old, error }));
        waitMs = POLL_AFTER_ERROR_MS;
      }
      timer = setTimeout(poll, waitMs);
    };
    void poll();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [id]);
  return watched;
}
