/** Something that happened. Named in the past tense, never edited once stored. */
export interface DomainEvent<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
}

/** The events whose data these schemas describe, by type: a zod schema, or any object with such a `parse`. */
export type EventsOf<Schemas extends Record<string, { parse(data: unknown): object }>> = {
  [Type in keyof Schemas & string]: DomainEvent<Type, ReturnType<Schemas[Type]['parse']>>;
}[keyof Schemas & string];

/** A request to change something. Named in the imperative; the decider may reject it. */
export interface DomainCommand<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
}

type DataOf<Message extends DomainEvent, Type> = Extract<Message, { type: Type }>['data'];

/**
 * The rules of one kind of aggregate, as three pure parts (after emmett's decider).
 * Both tables are complete by type: a command or event without a row does not compile.
 */
export interface Decider<State, Command extends DomainCommand, Event extends DomainEvent> {
  /** First part of the stream's name: `order` → `order-<id>`. */
  readonly name: string;
  readonly initial: State;
  readonly decide: {
    readonly [Type in Command['type']]: (
      data: DataOf<Command, Type>,
      state: State,
    ) => readonly Event[];
  };
  readonly evolve: {
    readonly [Type in Event['type']]: (state: State, data: DataOf<Event, Type>) => State;
  };
  readonly snapshots?: Snapshots;
}

/**
 * Stores the state every so many events, so that a long stream need not be read from its start. Pays off from a few
 * hundred events on (docs/explanation/when-snapshots-pay-off.md). The state must survive a round trip through JSON.
 */
interface Snapshots {
  /** The number of events between two snapshots. */
  readonly every: number;
  /** Increment it whenever `State` or `evolve` changes: a snapshot of another format is not read. */
  readonly format: number;
}

/** @throws Error when the history holds a type without a row */
export function replay<State, Command extends DomainCommand, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
  history: readonly Event[],
  from: State = decider.initial,
): State {
  return history.reduce<State>((state, event) => {
    const evolve = decider.evolve[event.type as Event['type']];
    if (!evolve) throw new Error(`${decider.name} does not know the event ${event.type}`);
    return evolve(state, event.data as never);
  }, from);
}

/** @throws DomainError when the rules reject the command */
export function decide<State, Command extends DomainCommand, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
  command: Command,
  state: State,
): readonly Event[] {
  return decider.decide[command.type as Command['type']](command.data as never, state);
}
