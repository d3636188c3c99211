import Markdown from 'markdown-to-jsx';
import './lab.css';
import { call } from '../api/client.ts';
import { useQuery } from '../api/use-query.ts';
import { Empty, Loaded, Page, State } from '../design/page.tsx';

interface Check {
  readonly name: string;
  readonly expected: string;
  readonly look: string;
  /** Absent when it has not run since the start, or an earlier check failed. */
  readonly ok?: boolean;
  readonly found?: string;
  readonly next?: string;
}
interface Lesson {
  readonly title: string;
  readonly minutes: number;
  /** False: the lab works on the sources, and no system runs for it. */
  readonly system: boolean;
  /** Markdown. */
  readonly story: string;
  readonly checks: readonly Check[];
  readonly hints: readonly string[];
  readonly hintsLeft: number;
  /** Markdown; present when the lab is passed or given up. */
  readonly after?: string;
}

const POLL_MS = 1_000;
// The story comes from a README with a heading of its own; this page has one already.
const options = { disableParsingRawHTML: true, overrides: { h1: () => null } };

/** The lab that this system runs, or one that needs no system: its story, its checks as they turn green, the hints that were taken. */
export function LabPage() {
  const lesson = useQuery(
    'lab',
    () => call<Lesson | null>('GET', '/plugins/labs/current'),
    POLL_MS,
  );
  const { data } = lesson;
  return (
    <Page
      title={data?.title ?? 'Lab'}
      summary={
        data
          ? `About ${data.minutes} minutes.${data.system ? '' : ' It works on the sources: this system is not damaged.'}`
          : 'A lesson on a damaged copy of the system.'
      }
      command={data ? 'lab check' : 'lab list'}
    >
      <Loaded query={lesson}>
        {(current) =>
          current ? (
            <Lab lesson={current} />
          ) : (
            <Empty>No lab runs in this environment. To begin: npx fieldguide lab start 1</Empty>
          )
        }
      </Loaded>
    </Page>
  );
}

function Lab({ lesson: { story, checks, hints, hintsLeft, after } }: { readonly lesson: Lesson }) {
  return (
    <div className="lab">
      <article>
        <Markdown options={options}>{story}</Markdown>
        {after && (
          <>
            <h2>Explanation</h2>
            <Markdown options={options}>{after}</Markdown>
          </>
        )}
      </article>
      <section aria-labelledby="checks">
        <h2 id="checks">Checks</h2>
        <ol>
          {checks.map((check) => (
            <CheckItem key={check.name} check={check} />
          ))}
        </ol>
        <h2>Hints</h2>
        <ol>
          {hints.map((hint) => (
            <li key={hint}>{hint}</li>
          ))}
        </ol>
        {hintsLeft > 0 && (
          <p className="secondary">
            {hintsLeft} left: <code>npx fieldguide lab hint</code>
          </p>
        )}
      </section>
    </div>
  );
}

function CheckItem({
  check: { name, expected, look, ok, found, next },
}: {
  readonly check: Check;
}) {
  const tone = ok === undefined ? 'idle' : ok ? 'ok' : 'bad';
  return (
    <li data-check={tone}>
      <State tone={tone}>{name}</State>
      <dl>
        <dt>Expected</dt>
        <dd>{expected}</dd>
        {found && (
          <>
            <dt>Found</dt>
            <dd>{found}</dd>
          </>
        )}
        {ok === false && (
          <>
            <dt>Where to look</dt>
            <dd>{look}</dd>
            <dt>Try next</dt>
            <dd>{next}</dd>
          </>
        )}
      </dl>
    </li>
  );
}
