import { call, callApp } from '../api/client.ts';
import type { SystemMap } from '../api/types.ts';
import { useQuery } from '../api/use-query.ts';
import { Choice, useFilter } from '../design/filters.tsx';
import { Empty, Loaded, Page } from '../design/page.tsx';
import { type Letter, LetterTable } from './letter-table.tsx';

const POLL_MS = 3_000;

/** Messages that an app could not handle. */
export function DeadLettersPage() {
  const [app] = useFilter('app');
  const [status] = useFilter('status');
  const consumers = useQuery('consumers', async () => {
    const { apps } = await call<SystemMap>('GET', '/map');
    const has = (uses: readonly string[]) =>
      uses.includes('database') && uses.includes('messaging');
    return apps.filter(({ uses }) => has(uses)).map((each) => each.app);
  });
  const names = app ? [app] : consumers.data;
  const letters = useQuery(
    names && `letters ${names} ${status}`,
    () => lettersOf(names ?? [], status || 'waiting'),
    POLL_MS,
  );
  return (
    <Page
      title="Dead letters"
      summary="Messages that an app could not handle, and later ones of the same key, which wait behind them."
      command={`dead-letters list${app && ` ${app}`}${status && ` --status ${status}`}`}
      filters={
        <>
          <Choice label="App" name="app" values={consumers.data ?? []} all="all" />
          <Choice
            label="Status"
            name="status"
            values={['redriven', 'discarded', 'all']}
            all="waiting"
          />
        </>
      }
    >
      <Loaded query={letters}>
        {({ found, silent }) => (
          <>
            {silent.length > 0 && (
              <p className="notice">
                No answer from {silent.join(', ')}: their letters are missing here.
              </p>
            )}
            {found.length === 0 ? (
              <Empty>No dead letters.</Empty>
            ) : (
              <LetterTable letters={found} reload={letters.reload} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** An app that is down must not hide the letters of the others. */
async function lettersOf(apps: readonly string[], status: string) {
  const pages = await Promise.all(
    apps.map(async (app) => {
      const path = `/dead-letters?status=${status}&limit=100`;
      const page = await callApp<{ items: Omit<Letter, 'app'>[] }>(app, 'GET', path).catch(
        () => undefined,
      );
      return { app, page };
    }),
  );
  return {
    found: pages.flatMap(({ app, page }) => page?.items.map((each) => ({ app, ...each })) ?? []),
    silent: pages.filter(({ page }) => !page).map(({ app }) => app),
  };
}
