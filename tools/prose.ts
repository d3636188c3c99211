// The words that this repository does not use, in code, comments and docs (STYLE.md, "Prose"). Run by `npm run check`.
// `npx node tools/prose.ts PATH` checks one folder.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Each word with the term to use instead. Identifiers are split into their words first. */
const words: Readonly<Record<string, string>> = {
  'afresh|anew': 'again, from the start; of a projection: rebuild',
  alike: 'both, equally',
  'anybody|everybody|nobody|somebody|whoever|whomever': 'name the actor',
  'ask|asks|asked|asking': 'request, query, call; at a terminal: prompt',
  'at once': 'immediately; concurrently; together',
  'be had': 'name what failed',
  'be seen to|see to|sees to|seen to|seeing to': 'resolve, handle',
  'born|born at': 'started, start time',
  'deed|deeds': 'action',
  'fact|facts': 'event, message',
  'for good': 'permanently',
  'gave back|give back|gives back|given back|giving back': 'release, return',
  'go on|goes on|going on|went on': 'continue, resume',
  'hear|hears|heard|hearing|unheard': 'consume, receive, subscribe',
  'held up|holds up|hold up|hold ups': 'block, delay',
  'lean on|leans on|leant on': 'depend on, use',
  'let go|lets go|letting go': 'release, close',
  lest: 'so that … not',
  'made anew|make anew|makes anew': 'rebuild',
  'mend|mends|mended|mending': 'patch, fix, repair',
  'refusal|refusals': 'error, rejection',
  'say|says|said|saying|unsaid': 'report, log, print, state, publish',
  'set aside|sets aside|setting aside': 'reserve, keep',
  'stand still|stands still|standing still|stood still': 'pause, stop',
  'take in|takes in|taken in|took in': 'accept, record',
  'teller|tell|tells|told|telling|untold': 'report, send, notify, log, publish',
  'undo|undoes|undone|undoing|undid': 'compensate, compensation, revert',
  voice: 'origin, source',
  whom: 'name the actor',
  'wish|wishes|wished': 'request',
};
/** Not our prose: generated, locked, a text of others, or the examples of what not to write. */
const notOurs =
  /^STYLE\.md$|(^|\/)(package-lock\.json|LICENSE)$|\.(lock\.json|svg|jsonl|png|ico|woff2)$|^contracts\/(pacts|generated)\/|^docs\/reference\/(commands|errors|metrics|settings|topics-and-messages)\.md$|^tools\/prose\.|\/stored\//;

/** Spellings that are stored or sent, and so stay: a setting, a step, a metric, a user of the system; an event's field. */
const stored = /\bUNDO_DEADLINE_MS\b|'undoing'|\b\w*_held_up\w*|'nobody'/g;
const storedFields = /\bundo(?:ing)?\b/g;

interface Hit {
  readonly file: string;
  readonly line: number;
  readonly word: string;
  readonly text: string;
}

const pattern = new RegExp(`\\b(${Object.keys(words).join('|')})\\b`, 'gi');

/** Finds the words in a text; `callAskedTwice` and `ASKED_TWICE` are read as "call asked twice". */
export function findWords(file: string, content: string): Hit[] {
  const isOrdering = file.startsWith('apps/ordering/src/');
  return content.split('\n').flatMap((text, index) => {
    const ours = text.replace(stored, '').replace(isOrdering ? storedFields : /$^/, '');
    const split = ours.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_]/g, ' ');
    return [...split.matchAll(pattern)].map(([word]) => ({
      file,
      line: index + 1,
      word: word.toLowerCase(),
      text: text.trim(),
    }));
  });
}

/** What to write instead of a word of the list. */
export function insteadOf(word: string): string | undefined {
  return Object.entries(words).find(([key]) => key.split('|').includes(word))?.[1];
}

if (import.meta.main) {
  const path = process.argv[2] ?? '.';
  const listed = execFileSync('git', ['ls-files', '-z', path], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const files = listed
    .split('\0')
    .filter((file) => file && !notOurs.test(file) && existsSync(file));
  const hits = files.flatMap((file) => findWords(file, readFileSync(file, 'utf8')));
  for (const { file, line, word, text } of hits)
    console.error(`${file}:${line} "${word}" (use: ${insteadOf(word)}): ${text}`);
  process.exitCode = hits.length > 0 ? 1 : 0;
}
