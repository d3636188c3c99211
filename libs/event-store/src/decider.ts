/** Something that happened. Named in the past tense, never edited once stored. */
export interface DomainEvent<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
}

/** The events whose data these schemas describe, by type: a schema of zod, or what parses like one. */
export type EventsOf<Schemas extends Record<string, { parse(data: unknown): object }>> = {
  [Type in keyof Schemas & string]: DomainEvent<Type, ReturnType<Schemas[Type]['parse']>>;
}[keyof Schemas & string];

/** Something somebody wants. Named in the imperative, and may be refused. */
export interface DomainCommand<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
}

type DataOf<Message extends DomainEvent, Type> = Extract<Message, { type: Type }>['data'];

/**
 * The rules of one kind of thing, as three pure parts (after emmett's decider).
 * Both tables are complete by type: a message without a row does not compile.
 */
export interface Decider<State, Command extends DomainCommand, Event extends DomainEvent> {
  /** First part of the stream's name: `order` → `order-<id>`. */
  readonly name: string;
  readonly initial: State;
  readonly decide: {
    readonly [Type in Command['type']]: (
      wish: DataOf<Command, Type>,
      state: State,
    ) => readonly Event[];
  };
  readonly evolve: {
    readonly [Type in Event['type']]: (state: State, fact: DataOf<Event, Type>) => State;
  };
  readonly snapshots?: Snapshots;
}

/**
 * Keeps the state beside the stream now and then, so that a long one need not be read whole. It pays from a few hundred
 * events on (docs/explanation/when-snapshots-pay-off.md); the state must be what JSON can tell.
 */
export interface Snapshots {
  /** How many events lie between two of them. */
  readonly every: number;
  /** Count it up whenever `State` or `evolve` changes: a snapshot of another format is not read. */
  readonly format: number;
}

/** @throws Error when the history holds a type without a row: a model must not guess */
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

/** @throws DomainError when the rules refuse it */
export function decide<State, Command extends DomainCommand, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
  command: Command,
  state: State,
): readonly Event[] {
  return decider.decide[command.type as Command['type']](command.data as never, state);
}
