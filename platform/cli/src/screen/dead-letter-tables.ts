import { styleText } from 'node:util';
import { table } from './tables.ts';

/** A dead letter in the list of a service. */
export interface Letter {
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  readonly type: string | null;
  readonly reason: string;
  readonly status: 'waiting' | 'redriven' | 'discarded';
  readonly parkedAt: string;
  readonly handledAt: string | null;
  readonly handledBy: string | null;
  readonly note: string | null;
}

/** A dead letter with its headers and content. */
export interface LetterDetails extends Omit<Letter, 'type'> {
  readonly partition: number | null;
  readonly offset: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly value: {
    readonly bytes: number;
    readonly text: string;
    readonly isTextComplete: boolean;
    readonly base64: string;
  };
}

export function deadLettersTable(letters: readonly (Letter & { readonly app: string })[]): string {
  if (letters.length === 0) return 'No dead letters.';
  const rows = letters.flatMap((letter) => [
    [letter.app, letter.id, printable(letter.type ?? '–'), coloured(letter.status)],
    [styleText('dim', `  key ${printable(letter.key)}`)],
    [styleText('dim', `  ${printable(letter.reason).slice(0, 160)}`)],
  ]);
  return table(['APP', 'ID', 'TYPE', 'STATUS'], rows);
}

export function deadLetterText(letter: LetterDetails): string {
  const { id, topic, partition, offset, key, reason, parkedAt, headers, note, value } = letter;
  const fields: [string, string][] = [
    ['id', id],
    ['record', `${topic}, partition ${partition ?? '–'}, offset ${offset}`],
    ['key', key],
    ['reason', reason],
    ['parked', parkedAt],
    ...(note ? [['note', note] as [string, string]] : []),
    ...Object.entries(headers).map(([name, text]): [string, string] => [name, String(text)]),
    ['value', `${value.bytes} bytes${value.isTextComplete ? '' : '; --json prints all of them'}`],
  ];
  const lines = fields.map(
    ([name, text]) => `${styleText('dim', printable(name).padEnd(14))} ${printable(text)}`,
  );
  lines.splice(1, 0, `${styleText('dim', 'status'.padEnd(14))} ${statusOf(letter)}`);
  return [...lines, printable(value.text)].join('\n');
}

function statusOf({ status, handledAt, handledBy }: Omit<Letter, 'type'>): string {
  const [at, by] = [handledAt && ` ${handledAt}`, handledBy && ` by ${handledBy}`];
  return `${coloured(status)}${at ?? ''}${by ?? ''}`;
}

const coloured = (status: Letter['status']) =>
  status === 'waiting' ? styleText('yellow', status) : status;

/** Replaces control characters by dots: a message must not control the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it finds control characters on purpose
  return text.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '·');
}
