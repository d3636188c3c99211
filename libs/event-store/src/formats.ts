import type { DomainEvent } from './decider.ts';

/** Turns an event's data as it was stored once into the next format. Pure: it knows nothing but the data. */
export type Upcast = (old: never) => object;

/**
 * How events were stored before, by type: the nth function turns format n into format n + 1, the last one into today's.
 * A type without a row is in its first format. What is stored is never rewritten.
 */
export type Upcasters<Event extends DomainEvent = DomainEvent> = {
  readonly [Type in Event['type']]?: readonly [
    ...earlier: Upcast[],
    toToday: (old: never) => Extract<Event, { type: Type }>['data'],
  ];
};

/** This version is older than the event, most likely: whoever reads it has to be replaced by a newer one. Nothing is guessed. */
export class UnknownEventFormatError extends Error {
  override name = 'UnknownEventFormatError';

  constructor(stored: string) {
    super(
      `The format ${stored} of an event is none that this version can read: it is newer, or no format at all`,
    );
  }
}

interface Reading {
  readonly type: string;
  readonly steps: readonly Upcast[];
}

/**
 * The types as they stand in the log: `OrderPlaced` in its first format, `OrderPlaced@2` in its second. So a reader of an
 * old version cannot take a new format for the one it knows.
 */
export class Formats {
  readonly #upcasters: Readonly<Record<string, readonly Upcast[] | undefined>>;
  readonly #readings = new Map<string, Reading>();

  constructor(upcasters: Upcasters = {}) {
    this.#upcasters = upcasters;
  }

  /** The name under which an event of this type is stored today. */
  stored(type: string): string {
    const steps = this.#upcasters[type]?.length ?? 0;
    return steps === 0 ? type : `${type}@${steps + 1}`;
  }

  /**
   * An event as today's models know it.
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
