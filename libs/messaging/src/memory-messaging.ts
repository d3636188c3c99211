import type { Clock } from '@fieldguide/clock';
import type { DependencyVerdict } from '@fieldguide/telemetry';
import {
  type IncomingRecord,
  Messaging,
  type OutgoingRecord,
  type SubscribeOptions,
  type Subscription,
} from './messaging.ts';
import { observePublish } from './observe-messages.ts';
import { CHUNK_RECORDS } from './partition-turns.ts';

interface Group {
  readonly topics: ReadonlySet<string>;
  next: number;
  members: ((batch: readonly IncomingRecord[]) => Promise<void>)[];
  busy: Promise<void> | undefined;
}

/** The port in memory: for unit tests and simulation only, nothing survives the process. */
export class MemoryMessaging extends Messaging {
  readonly #clock: Clock;
  readonly #log: IncomingRecord[] = [];
  readonly #groups = new Map<string, Group>();
  #broadcasts = 0;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  override async publish(batch: readonly OutgoingRecord[]): Promise<void> {
    await observePublish(batch, async (traceparents) => {
      for (const [at, { topic, envelope }] of batch.entries()) {
        const position = { partition: 0, offset: String(this.#log.length) };
        const [key, value] = [Buffer.from(envelope.subject), Buffer.from(JSON.stringify(envelope))];
        this.#log.push({ topic, key, value, position, traceparent: traceparents[at] });
      }
    });
    for (const group of this.#groups.values()) this.#deliver(group);
  }

  override async subscribe(
    topics: readonly string[],
    { mode, group: name }: SubscribeOptions,
    handler: (batch: readonly IncomingRecord[]) => Promise<void>,
  ): Promise<Subscription> {
    const id = mode === 'shared' ? name : `${name}.${++this.#broadcasts}`;
    const fresh: Group = { topics: new Set(topics), next: 0, members: [], busy: undefined };
    const group = this.#groups.get(id) ?? fresh;
    this.#groups.set(id, group);
    group.members.push(handler);
    this.#deliver(group);
    return {
      close: async () => {
        group.members = group.members.filter((member) => member !== handler);
        await group.busy;
      },
    };
  }

  override async lag(group: string, topics: readonly string[]): Promise<number | undefined> {
    const from = this.#groups.get(group)?.next ?? 0;
    return this.#log.slice(from).filter(({ topic }) => topics.includes(topic)).length;
  }

  override async state(): Promise<DependencyVerdict> {
    return { state: 'ok' };
  }

  override async close(): Promise<void> {
    for (const group of this.#groups.values()) {
      group.members = [];
      await group.busy;
    }
  }

  #deliver(group: Group): void {
    group.busy ??= this.#drain(group).finally(() => {
      group.busy = undefined;
    });
  }

  async #drain(group: Group): Promise<void> {
    let records = CHUNK_RECORDS;
    while (group.next < this.#log.length && group.members.length > 0) {
      const { batch, member } = this.#nextOf(group, records);
      try {
        const wanted = batch.filter(({ topic }) => group.topics.has(topic));
        if (wanted.length > 0) await member(wanted);
        group.next += batch.length;
        records = CHUNK_RECORDS;
      } catch {
        records = 1;
        await this.#clock.sleep(1);
      }
    }
  }

  /** Keys are distributed over members, so that one key stays with one member. */
  #nextOf({ next, members }: Group, records: number) {
    const memberOf = ({ key }: IncomingRecord) => members[key.length % members.length]!;
    const member = memberOf(this.#log[next]!);
    const waiting = this.#log.slice(next, next + records);
    const end = waiting.findIndex((record) => memberOf(record) !== member);
    return { member, batch: end < 0 ? waiting : waiting.slice(0, end) };
  }
}
