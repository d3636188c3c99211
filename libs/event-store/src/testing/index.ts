import type { Versioned } from '@fieldguide/database';
import { expect } from 'vitest';
import { type Decider, type DomainCommand, type DomainEvent, decide, replay } from '../decider.ts';
import type { RecordedEvent } from '../event-store.ts';
import { applyEvents, type MultiStreamProjection, type Projection } from '../projection.ts';

export { storedFormatsContract } from './stored-formats.ts';

/** Specifies a rule in three parts: past events, command, result. */
export function scenariosOf<State, Command extends DomainCommand, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
) {
  return (...history: Event[]) => ({
    when(command: Command) {
      const outcome = () => decide(decider, command, replay(decider, history));
      return {
        emits: (...expected: Event[]) => expect(outcome()).toEqual(expected),
        emitsNothing: () => expect(outcome()).toEqual([]),
        isRefused: (code: string) => expect(outcome).toThrow(expect.objectContaining({ code })),
      };
    },
  });
}

/** Returns events as the store would: of one stream, a second apart, starting at the given time. */
export function recordedAs(
  stream: string,
  events: readonly DomainEvent[],
  start = '2030-01-01T12:00:00.000Z',
): RecordedEvent[] {
  return events.map(({ type, data }, i) => ({
    id: `00000000-0000-7000-9000-${String(i + 1).padStart(12, '0')}`,
    stream,
    version: i + 1,
    type,
    data,
    time: new Date(Date.parse(start) + i * 1_000),
    correlationId: '00000000-0000-7000-9000-000000000001',
  }));
}

/** Returns the row that a projection builds from these events. */
export function rowAfter<Row extends Versioned, Event extends DomainEvent>(
  projection: Projection<Row, Event>,
  events: readonly RecordedEvent[],
): Row {
  const key = projection.rowOf(events[0]!);
  const rows = new Map([[key, projection.initial(key)]]);
  applyEvents(projection, events, rows);
  return rows.get(key)!;
}

/** Returns the rows that a multi-stream projection builds from these events, which include the first of each stream. */
export function rowsAfter<
  Row extends Versioned,
  Event extends DomainEvent,
  First extends Event = Event,
>(projection: MultiStreamProjection<Row, Event, First>, events: readonly RecordedEvent[]): Row[] {
  const rows = new Map<string, Row>();
  const firsts = events.filter(({ version }) => version === 1);
  const byStream = new Map(firsts.map((event) => [event.stream, event]));
  applyEvents(projection, events, rows, byStream);
  return [...rows.values()];
}

/** Asserts that a decider reaches the same state from a snapshot after any of these events, stored as JSON. */
export function snapshotsHold<State, Command extends DomainCommand, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
  history: readonly Event[],
): void {
  const whole = replay(decider, history);
  for (let at = 0; at <= history.length; at++) {
    const kept = JSON.parse(JSON.stringify(replay(decider, history.slice(0, at)))) as State;
    expect(replay(decider, history.slice(at), kept), `from a snapshot after ${at}`).toEqual(whole);
  }
}
