import { type Database } from '@fieldguide/database';
import { DeadLetter } from './message-tables.entity.ts';
import { recordOf } from './parked-record.ts';

export const letterStatuses = ['waiting', 'redriven', 'discarded', 'all'] as const;
type LetterStatus = (typeof letterStatuses)[number];

export interface LetterQuery {
  readonly status: LetterStatus;
  readonly key?: string | undefined;
  /** The serial after which the page starts. */
  readonly after: string;
  readonly limit: number;
}

/** A dead letter without its content. */
export interface LetterRow {
  readonly id: string;
  readonly serial: string;
  readonly topic: string;
  readonly key: string;
  /** Null when the record has no valid envelope. */
  readonly type: string | null;
  readonly reason: string;
  readonly status: Exclude<LetterStatus, 'all'>;
  readonly parkedAt: Date;
  readonly handledAt: Date | null;
  readonly handledBy: string | null;
  readonly note: string | null;
}

const TEXT_LENGTH_MAX = 20_000;
// Literals, so that the index of waiting letters is used.
const conditions: Readonly<Record<LetterStatus, string>> = {
  waiting: 'NOT redriven',
  redriven: "redriven AND outcome IS DISTINCT FROM 'discarded'",
  discarded: "redriven AND outcome = 'discarded'",
  all: 'true',
};

/** Returns a page of dead letters, oldest first; `next` is null on the last. */
export async function letterPage(
  database: Database,
  { status, key, after, limit }: LetterQuery,
): Promise<{ items: LetterRow[]; next: string | null }> {
  const rows = await database.query<LetterRow>(
    `SELECT message_id AS id, serial, topic, key, envelope->>'type' AS type, reason,
       CASE WHEN redriven THEN coalesce(outcome, 'redriven') ELSE 'waiting' END AS status,
       parked_at AS "parkedAt", handled_at AS "handledAt", handled_by AS "handledBy", note
     FROM dead_letters
     WHERE ${conditions[status]} AND serial > $1 AND ($2::text IS NULL OR key = $2)
     ORDER BY serial LIMIT $3`,
    [after, key ?? null, limit + 1],
  );
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1)!.serial : null };
}

/** Returns a dead letter with its content: the readable part as text, and every byte in base64. */
export async function letterDetails(database: Database, id: string) {
  const letter = await database.source.manager.findOneBy(DeadLetter, { messageId: id });
  if (!letter) return undefined;
  const { topic, key, serial, reason, parkedAt, redriven, outcome } = letter;
  const { handledAt, handledBy, note, arrival, partition } = letter;
  const { malformed: _, data: __, ...headers } = letter.envelope as Record<string, unknown>;
  const record = recordOf(letter);
  const text = new TextDecoder().decode(record.value);
  return {
    id,
    serial,
    topic,
    partition,
    offset: arrival,
    key,
    keyBase64: record.key.toString('base64'),
    headers,
    reason,
    status: redriven ? (outcome ?? 'redriven') : 'waiting',
    parkedAt,
    handledAt,
    handledBy,
    note,
    value: {
      bytes: record.value.length,
      text: text.slice(0, TEXT_LENGTH_MAX).toWellFormed(),
      isTextComplete: text.length <= TEXT_LENGTH_MAX,
      base64: record.value.toString('base64'),
    },
  };
}
