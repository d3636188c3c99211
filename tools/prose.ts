// The words that this repository does not use, in code, comments and docs (STYLE.md, "Prose"). Run by `npm run check`.
// `npx node tools/prose.ts --list PATH` shows every use under a path; `--update` lowers the allowance to what is left.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const ALLOWANCE = 'tools/prose.allowance.json';

/** Each word with the term to use instead. Identifiers are split into their words first. */
const words: Readonly<Record<string, string>> = {
  'afresh|anew': 'again, from the start; of a projection: rebuild',
  alike: 'both, equally',
  'anybody|everybody|nobody|somebody|whoever|whomever': 'name the actor',
  'ask|asks|asked|asking': 'request, query, call; at a terminal: prompt',
  'be had': 'name what failed',
  'be seen to|see to|sees to|seen to|seeing to': 'resolve, handle',
  'born|born at': 'started, start time',
  'deed|deeds': 'action',
  'fact|facts': 'event, message',
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

/** Spellings that are stored or sent, and so stay: a setting, a step of the checkout, a metric; an event's field. */
const stored = /\bUNDO_DEADLINE_MS\b|'undoing'|\b\w*_held_up\w*/g;
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

/** The project of a file, the unit of the allowance: `libs/database`, `docs`. */
function projectOf(file: string): string {
  const [top = '', name = ''] = file.split('/');
  return ['apps', 'libs', 'platform'].includes(top)
    ? `${top}/${name}`
    : file.includes('/')
      ? top
      : '.';
}

if (import.meta.main) {
  const [option, path = '.'] = process.argv.slice(2);
  const listed = execFileSync('git', ['ls-files', '-z', option === '--list' ? path : '.'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const files = listed
    .split('\0')
    .filter((file) => file && !notOurs.test(file) && existsSync(file));
  const hits = files.flatMap((file) => findWords(file, readFileSync(file, 'utf8')));
  const counts: Record<string, number> = {};
  for (const { file } of hits) counts[projectOf(file)] = (counts[projectOf(file)] ?? 0) + 1;
  if (option === '--list') {
    for (const { file, line, word, text } of hits)
      console.log(`${file}:${line}: [${word}] ${text}`);
  } else {
    const allowed: Record<string, number> = existsSync(ALLOWANCE)
      ? JSON.parse(readFileSync(ALLOWANCE, 'utf8'))
      : {};
    const over = Object.entries(counts).filter(
      ([project, count]) => count > (allowed[project] ?? 0),
    );
    if (option === '--update' || option === '--init') {
      const next = Object.entries(counts).map(
        ([project, count]) =>
          [project, option === '--init' ? count : Math.min(count, allowed[project] ?? 0)] as const,
      );
      const text = JSON.stringify(Object.fromEntries(next.sort()), null, 2);
      writeFileSync(ALLOWANCE, `${text}\n`);
    }
    for (const [project, count] of over) {
      console.error(
        `${project}: ${count} words of the list, ${allowed[project] ?? 0} are allowed.`,
      );
      for (const hit of hits.filter(({ file }) => projectOf(file) === project).slice(0, 20))
        console.error(`  ${hit.file}:${hit.line} "${hit.word}": ${insteadOf(hit.word)}`);
      console.error(`  All of them: npx node tools/prose.ts --list ${project}`);
    }
    process.exitCode = over.length > 0 ? 1 : 0;
  }
}
