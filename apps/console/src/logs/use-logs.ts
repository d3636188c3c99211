import { useEffect, useRef, useState } from 'react';
import { usePlatform } from '../api/platform.ts';
import { LINES_MAX, LogBuffer, type LogEntry, type LogFilter, type LogLine } from './log-buffer.ts';

const HISTORY_MS = 10 * 60_000;

export interface Logs {
  readonly entries: readonly LogEntry[];
  readonly dropped: number;
  /** Lines that arrived while the list was paused. */
  readonly waiting: number;
}

/**
 * The last lines that match, then new ones as they arrive, at most once a frame. While paused the list stays as it is, and
 * lines are only counted.
 */
export function useLogs(filter: LogFilter, isPaused: boolean): Logs {
  const [logs, setLogs] = useState<Logs>({ entries: [], dropped: 0, waiting: 0 });
  const buffer = useRef(new LogBuffer());
  const { connection } = usePlatform();
  const shown = useRef({ key: '', lastId: 0 });
  const show = useRef((key: string, paused: boolean) => {
    const { lastId, dropped } = buffer.current;
    const isSame = shown.current.key === key;
    if (paused && isSame)
      return setLogs((before) => ({ ...before, waiting: lastId - shown.current.lastId }));
    const added = buffer.current.matching(
      JSON.parse(key) as LogFilter,
      isSame ? shown.current.lastId : 0,
    );
    shown.current = { key, lastId };
    setLogs(({ entries }) => ({
      entries: isSame ? [...entries, ...added].slice(-LINES_MAX) : added,
      dropped,
      waiting: 0,
    }));
  });
  const wanted = JSON.stringify(filter);
  const latest = useRef({ wanted, isPaused });
  useEffect(() => {
    latest.current = { wanted, isPaused };
    show.current(wanted, isPaused);
  }, [wanted, isPaused]);
  useEffect(() => {
    if (connection !== 'online') return;
    return follow(buffer.current, () =>
      show.current(latest.current.wanted, latest.current.isPaused),
    );
  }, [connection]);
  return logs;
}

/** Reads what was logged before, then follows. @returns a function that ends it */
function follow(buffer: LogBuffer, changed: () => void): () => void {
  let frame = 0;
  let arrived: LogLine[] = [];
  const flush = () => {
    frame = 0;
    buffer.add(arrived);
    arrived = [];
    changed();
  };
  const schedule = () => {
    if (frame === 0) frame = requestAnimationFrame(flush);
  };
  const source = new EventSource('/logs?follow=true');
  source.onmessage = ({ data }) => {
    arrived.push(JSON.parse(data as string) as LogLine);
    // A hidden page gets no frames: keep what the buffer can hold.
    if (arrived.length > 2 * LINES_MAX) arrived = arrived.slice(-LINES_MAX);
    schedule();
  };
  if (buffer.lastId === 0)
    void history().then((lines) => {
      arrived = [...lines, ...arrived];
      schedule();
    });
  return () => {
    source.close();
    cancelAnimationFrame(frame);
  };
}

async function history(): Promise<LogLine[]> {
  const since = new Date(Date.now() - HISTORY_MS).toISOString();
  const response = await fetch(`/logs?since=${since}`);
  if (!response.ok) return [];
  const lines = (await response.text()).split('\n').filter(Boolean);
  return lines.slice(-LINES_MAX).map((line) => JSON.parse(line) as LogLine);
}
