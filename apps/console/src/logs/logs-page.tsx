import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { usePlatform } from '../api/platform.ts';
import { Choice, Search, useFilter } from '../design/filters.tsx';
import { Page } from '../design/page.tsx';
import { type LogEntry, levels } from './log-buffer.ts';
import { useLogs } from './use-logs.ts';
import './logs.css';

const ROW_PX = 24;

/** The logs of all processes, merged and live. */
export function LogsPage() {
  const { status } = usePlatform();
  const [app] = useFilter('app');
  const [level] = useFilter('level');
  const [text] = useFilter('text');
  const [trace] = useFilter('trace');
  const [order] = useFilter('order');
  const [isPaused, setPaused] = useState(false);
  const logs = useLogs({ app, level, text, trace, order }, isPaused);
  const sources = [
    ...(status?.apps.map((each) => each.app) ?? []),
    ...(status?.services.map(({ service }) => service) ?? []),
    'platform',
  ];
  return (
    <Page
      title="Logs"
      summary="The logs of every process, merged by time, as they are written."
      command={`logs -f${app ? ` ${app}` : ''}`}
      filters={
        <>
          <Choice label="App" name="app" values={sources} all="all" />
          <Choice label="Level" name="level" values={levels} all="all levels" />
          <Search label="Text" name="text" hint="in message or fields" />
          <Search label="Trace" name="trace" hint="trace id" />
          <Search label="Order" name="order" hint="order id" />
          <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
            {isPaused ? `Continue${logs.waiting > 0 ? ` (${logs.waiting} new)` : ''}` : 'Pause'}
          </button>
          <span className="secondary number" data-testid="log-count">
            {logs.entries.length} lines{logs.dropped > 0 && `, ${logs.dropped} older ones dropped`}
          </span>
        </>
      }
    >
      <LogList entries={logs.entries} isPaused={isPaused} onScrollUp={() => setPaused(true)} />
    </Page>
  );
}

interface LogListProps {
  readonly entries: readonly LogEntry[];
  readonly isPaused: boolean;
  readonly onScrollUp: () => void;
}

function LogList({ entries, isPaused, onScrollUp }: LogListProps) {
  const box = useRef<HTMLElement>(null);
  const [openId, setOpenId] = useState<number>();
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
  });
  useEffect(() => {
    if (!isPaused && entries.length > 0) rows.scrollToIndex(entries.length - 1, { align: 'end' });
  }, [entries, isPaused, rows]);
  return (
    <section
      ref={box}
      className="logs"
      aria-label="Log lines"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled area has to be reachable by keyboard
      tabIndex={0}
      onWheel={({ deltaY }) => deltaY < 0 && onScrollUp()}
      onKeyDown={({ key }) => ['ArrowUp', 'PageUp', 'Home'].includes(key) && onScrollUp()}
    >
      <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map(({ index, key, start }) => {
          const entry = entries[index]!;
          return (
            <div
              key={key}
              ref={rows.measureElement}
              data-index={index}
              className="log-row"
              style={{ transform: `translateY(${start}px)` }}
            >
              <LogRow
                entry={entry}
                isOpen={entry.id === openId}
                toggle={() => setOpenId(entry.id === openId ? undefined : entry.id)}
              />
            </div>
          );
        })}
      </div>
    </section>
  );
}

interface LogRowProps {
  readonly entry: LogEntry;
  readonly isOpen: boolean;
  readonly toggle: () => void;
}

function LogRow({ entry, isOpen, toggle }: LogRowProps) {
  const { time, source, level = 'info', msg, more } = entry;
  const traceId = (entry['trace_id'] ?? entry['traceId']) as string | undefined;
  const orderId = entry['orderId'] as string | undefined;
  return (
    <>
      <button type="button" className="log-line" aria-expanded={isOpen} onClick={toggle}>
        <span className="log-time">{time.slice(11, 23)}</span>
        <span className="log-source">{source}</span>
        <span className={`log-level level-${level}`}>{level}</span>
        <span className="log-text">
          {msg} <span className="secondary">{more}</span>
        </span>
      </button>
      {isOpen && (
        <div className="log-more">
          <pre>{JSON.stringify(entry, undefined, 2)}</pre>
          {traceId && <Link href={`/console/traces?trace=${traceId}`}>Trace {traceId}</Link>}{' '}
          {orderId && <Link href={`/console/orders/${orderId}`}>Order {orderId}</Link>}
        </div>
      )}
    </>
  );
}
