import { useState } from 'react';
import { callApp } from '../api/client.ts';
import { useQuery } from '../api/use-query.ts';
import { act } from '../design/feedback.tsx';
import { clock, shortId } from '../design/format.ts';
import { Loaded, State } from '../design/page.tsx';
import { Table } from '../design/table.tsx';

export interface Letter {
  readonly app: string;
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  readonly type: string | null;
  readonly reason: string;
  readonly status: 'waiting' | 'redriven' | 'discarded';
  readonly parkedAt: string;
}
interface Redrive {
  readonly redriven: number;
  readonly failed?: { readonly id: string; readonly reason: string };
  readonly moreWaiting: boolean;
}

interface LetterTableProps {
  readonly letters: readonly Letter[];
  readonly reload: () => Promise<void>;
}

/** The letters; each opens to its headers and content. */
export function LetterTable({ letters, reload }: LetterTableProps) {
  const [openId, setOpenId] = useState<string>();
  return (
    <Table columns={['App', 'Letter', 'Type and key', 'Reason', 'Parked', 'Status']} hasActions>
      {letters.map((letter) => (
        <LetterRows
          key={letter.id}
          letter={letter}
          isOpen={letter.id === openId}
          toggle={() => setOpenId(letter.id === openId ? undefined : letter.id)}
          reload={reload}
        />
      ))}
    </Table>
  );
}

interface LetterRowsProps {
  readonly letter: Letter;
  readonly isOpen: boolean;
  readonly toggle: () => void;
  readonly reload: () => Promise<void>;
}

function LetterRows({ letter, isOpen, toggle, reload }: LetterRowsProps) {
  const { app, id, key, type, topic, reason, status, parkedAt } = letter;
  return (
    <>
      <tr>
        <td>{app}</td>
        <td>
          <button type="button" className="quiet number" aria-expanded={isOpen} onClick={toggle}>
            {shortId(id)}
          </button>
        </td>
        <td>
          {type ?? 'unreadable'} <span className="secondary">on {topic}</span>
          <div className="number">{key}</div>
        </td>
        <td>{reason.slice(0, 200)}</td>
        <td className="number">{clock(parkedAt)}</td>
        <td>
          <State tone={status === 'waiting' ? 'warn' : 'idle'}>{status}</State>
        </td>
        <td>
          {status === 'waiting' && (
            <div className="row">
              <button type="button" onClick={() => redrive(letter).then(reload)}>
                Redrive
              </button>
              <button type="button" onClick={() => discard(letter).then(reload)}>
                Discard
              </button>
            </div>
          )}
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={7}>
            <Details app={app} id={id} />
          </td>
        </tr>
      )}
    </>
  );
}

function Details({ app, id }: { readonly app: string; readonly id: string }) {
  const details = useQuery(`letter ${id}`, () =>
    callApp<{ value: { text: string }; headers: object }>(app, 'GET', `/dead-letters/${id}`),
  );
  return (
    <Loaded query={details}>
      {({ value, headers }) => (
        <pre className="wrap">
          {JSON.stringify(headers, undefined, 2)}
          {'\n\n'}
          {value.text}
        </pre>
      )}
    </Loaded>
  );
}

const redrive = ({ app, id }: Letter) =>
  act({
    run: () => callApp<Redrive>(app, 'POST', `/dead-letters/${id}/redrives`),
    done: ({ redriven, failed, moreWaiting }) => {
      if (failed)
        return `${redriven} redriven; ${shortId(failed.id)} failed again: ${failed.reason}`;
      return `${redriven} redriven${moreWaiting ? '; more of this key wait' : ''}`;
    },
  });

const discard = ({ app, id, key }: Letter) =>
  act({
    run: () => callApp(app, 'POST', `/dead-letters/${id}/discards`, { reason: 'in the console' }),
    done: () => `The letter ${shortId(id)} is discarded`,
    confirm: {
      title: 'Discard this message?',
      risk: `It will never be handled: the state of ${key} may stay incomplete. Its bytes are kept.`,
      verb: 'Discard',
    },
  });
