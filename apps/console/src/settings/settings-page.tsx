import { useState } from 'react';
import { call } from '../api/client.ts';
import { usePlatform } from '../api/platform.ts';
import { useQuery } from '../api/use-query.ts';
import { act } from '../design/feedback.tsx';
import { Choice, Search, useFilter } from '../design/filters.tsx';
import { Empty, Loaded, Page } from '../design/page.tsx';
import { Table } from '../design/table.tsx';

interface Setting {
  readonly value: string;
  readonly source: string;
  readonly live: boolean;
}

/** The settings of one app: value, source, and when a change takes effect. */
export function SettingsPage() {
  const { status } = usePlatform();
  const names = status?.apps.map((each) => each.app) ?? [];
  const [chosen] = useFilter('app');
  const [key] = useFilter('key');
  const app = chosen || names[0];
  const settings = useQuery(app && `settings ${app}`, () =>
    call<Record<string, Setting>>('GET', `/apps/${app}/settings`),
  );
  return (
    <Page
      title="Settings"
      summary="Every setting with its value and source. A live one takes effect immediately, another by a restart."
      command={`env ${app ?? ''}`}
      filters={
        <>
          <Choice label="App" name="app" values={names.slice(1)} all={names[0] ?? '…'} />
          <Search label="Key" name="key" hint="part of a key" />
        </>
      }
    >
      <Loaded query={settings}>
        {(all) => {
          const shown = Object.entries(all).filter(([name]) => name.includes(key.toUpperCase()));
          if (shown.length === 0) return <Empty>No setting matches.</Empty>;
          return (
            <Table columns={['Setting', 'Value', 'Source', 'Takes effect']} hasActions>
              {shown.map(([name, setting]) => (
                <Row
                  key={`${app} ${name}`}
                  app={app!}
                  name={name}
                  setting={setting}
                  reload={settings.reload}
                />
              ))}
            </Table>
          );
        }}
      </Loaded>
    </Page>
  );
}

interface RowProps {
  readonly app: string;
  readonly name: string;
  readonly setting: Setting;
  readonly reload: () => Promise<void>;
}

function Row({ app, name, setting: { value, source, live }, reload }: RowProps) {
  const [draft, setDraft] = useState<string>();
  const isOverridden = source === 'operator' || source.includes(`/${app}/`);
  const save = async () => {
    if (await act(change(app, name, draft!, live))) setDraft(undefined);
    await reload();
  };
  return (
    <tr>
      <th scope="row">
        <code>{name}</code>
      </th>
      <td>
        {draft === undefined ? (
          <code className="wrap">{value}</code>
        ) : (
          <form
            className="row"
            onSubmit={(event) => {
              event.preventDefault();
              void save();
            }}
          >
            <input
              aria-label={`New value of ${name}`}
              value={draft}
              // biome-ignore lint/a11y/noAutofocus: the user has just opened this field
              autoFocus
              onChange={({ target }) => setDraft(target.value)}
              onKeyDown={({ key }) => key === 'Escape' && setDraft(undefined)}
            />
            <button type="submit" className="primary">
              Set
            </button>
            <button type="button" onClick={() => setDraft(undefined)}>
              Cancel
            </button>
          </form>
        )}
      </td>
      <td className="secondary">{sourceText(source)}</td>
      <td>{live ? 'immediately' : 'on restart'}</td>
      <td>
        {source !== 'environment' && draft === undefined && (
          <div className="row">
            <button type="button" className="quiet" onClick={() => setDraft(value)}>
              Change <span className="hidden">{name}</span>
            </button>
            {isOverridden && (
              <button
                type="button"
                className="quiet"
                onClick={() => act(change(app, name, undefined, live)).then(reload)}
              >
                Unset <span className="hidden">{name}</span>
              </button>
            )}
          </div>
        )}
      </td>
    </tr>
  );
}

const sourceText = (source: string) =>
  source.replace(/^consul [^/]+\/[^/]+\/([^/]+)\/.*$/, 'Consul, $1');

/** A live setting is harmless; another one restarts the app's instances. */
function change(app: string, key: string, value: string | undefined, live: boolean) {
  const path = `/apps/${app}/settings/${key}`;
  const what = value === undefined ? `${key} is unset` : `${key} is ${value}`;
  return {
    run: () =>
      value === undefined
        ? call<{ restarted: boolean }>('DELETE', path)
        : call<{ restarted: boolean }>('PUT', path, { value }),
    done: ({ restarted }: { restarted: boolean }) =>
      `${app}: ${what}${restarted ? '; its instances are restarted' : ''}`,
    ...(!live && {
      confirm: {
        title: `Change ${key} of ${app}?`,
        risk: 'It takes effect by a restart: the instances are replaced one by one.',
        verb: 'Change and restart',
      },
    }),
  };
}
