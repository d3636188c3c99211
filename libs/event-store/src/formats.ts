import type { DomainEvent } from './decider.ts';

/** Converts an event's data from one stored format to the next. Pure: it depends on the data only. */
export type Upcast = (old: never) => object;

/**
 * The former formats of events, by type: the nth function turns format n into format n + 1, the last one into the current one.
 * A type without a row is in its first format. Stored events are never rewritten.
 */
export type Upcasters<Event extends DomainEvent = DomainEvent> = {
  readonly [Type in Event['type']]?: readonly [
    ...earlier: Upcast[],
    toToday: (old: never) => Extract<Event, { type: Type }>['data'],
  ];
};

/** Most likely a newer version of the service has stored the event: an instance of that version has to read it. */
export class UnknownEventFormatError extends Error {
  override name = 'UnknownEventFormatError';

  constructor(stored: string) {
    super(
      `This version cannot read an event of the format ${stored}: the format is newer, or invalid`,
    );
  }
}

interface Reading {
  readonly type: string;
  readonly steps: readonly Upcast[];
}

/**
 * The types as they are stored in the log: `OrderPlaced` in its first format, `OrderPlaced@2` in its second, so that
 * an old version cannot mistake a new format for the one it knows.
 */
export class Formats {
  readonly #upcasters: Readonly<Record<string, readonly Upcast[] | undefined>>;
  readonly #readings = new Map<string, Reading>();

  constructor(upcasters: Upcasters = {}) {
    this.#upcasters = upcasters;
  }

  /** Returns the name under which new events of this type are stored. */
  stored(type: string): string {
    const steps = this.#upcasters[type]?.length ?? 0;
    return steps === 0 ? type : `${type}@${steps + 1}`;
  }

  /**
   * Converts an event to its current format.
   * @throws UnknownEventFormatError
   */
  upcast<Event extends DomainEvent>(event: Event): Event {
    const { type, steps } = this.#readings.get(event.type) ?? this.#reading(event.type);
    if (steps.length === 0 && type === event.type) return event;
    const data = steps.reduce<object>((old, step) => step(old as never), event.data);
    return { ...event, type, data };
  }

  #reading(stored: string): Reading {
    const [type = stored, format = '1'] = stored.split('@');
    const steps = this.#upcasters[type] ?? [];
    const known = Number(format) - 1;
    if (!Number.isInteger(known) || known < 0 || known > steps.length)
      throw new UnknownEventFormatError(stored);
    const reading = { type, steps: steps.slice(known) };
    this.#readings.set(stored, reading);
    return reading;
  }
}
