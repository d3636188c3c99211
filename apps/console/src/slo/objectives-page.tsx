import { call } from '../api/client.ts';
import { useQuery } from '../api/use-query.ts';
import { clock } from '../design/format.ts';
import { Loaded, Page, State, type Tone } from '../design/page.tsx';
import { Table } from '../design/table.tsx';

interface Objective {
  readonly name: string;
  readonly summary: string;
  readonly app: string;
  readonly target: number;
  readonly events: number;
  readonly errors: number;
  readonly ratio: number | null;
  readonly budgetLeft: number | null;
  readonly burnRates: Readonly<Record<string, number | null>>;
  readonly alert: string;
  readonly runbook: string;
}
interface SloReport {
  readonly windowDays: number;
  readonly measuredSince: string | null;
  readonly objectives: readonly Objective[];
}

const POLL_MS = 5_000;
/** Burning at this rate in both windows spends the budget of a month in two days: it pages. */
export const PAGES_AT = 14.4;

/** Service level objectives: how much of the error budget is left, and how fast it burns. */
export function ObjectivesPage() {
  const report = useQuery('slo', () => call<SloReport>('GET', '/slo'), POLL_MS);
  return (
    <Page
      title="Objectives"
      summary="What users may expect, how much of the error budget is left, and how fast it burns."
      command="slo"
    >
      <Loaded query={report}>
        {({ objectives, windowDays, measuredSince }) => (
          <>
            <p className="secondary">
              Window of {windowDays} days,{' '}
              {measuredSince ? `measured since ${clock(measuredSince)}` : 'not measured yet'}
            </p>
            <Table
              columns={[
                'Objective',
                'State',
                'Target',
                'Now',
                'Events',
                'Budget left',
                'Burn rate',
                'Alert',
              ]}
            >
              {objectives.map((each) => (
                <Row key={each.name} objective={each} />
              ))}
            </Table>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Row({ objective }: { readonly objective: Objective }) {
  const { name, summary, target, ratio, events, errors, budgetLeft, burnRates } = objective;
  const [tone, word] = stateOf(objective);
  return (
    <tr>
      <th scope="row">
        {name}
        <p className="secondary">{summary}</p>
      </th>
      <td>
        <State tone={tone}>{word}</State>
      </td>
      <td className="number">{percent(target)}</td>
      <td className="number">{percent(ratio)}</td>
      <td className="number">
        {events}, {errors} bad
      </td>
      <td className="number">
        {budgetLeft !== null && (
          <meter min={0} max={1} low={0.25} value={budgetLeft} aria-label={`Budget of ${name}`} />
        )}{' '}
        {budgetLeft !== null && budgetLeft < 0 ? 'overspent' : percent(budgetLeft)}
      </td>
      <td className="number">
        {Object.entries(burnRates).map(([window, rate]) => (
          <div key={window}>
            {window} {rate === null ? '–' : `${rate.toFixed(1)}×`}
          </div>
        ))}
      </td>
      <td>
        {objective.alert}
        <p className="secondary">{objective.runbook.replace(/^.*\//, '')}</p>
      </td>
    </tr>
  );
}

/** Pages when every window burns fast; a spent budget is bad too. */
export function stateOf({
  budgetLeft,
  burnRates,
}: Pick<Objective, 'budgetLeft' | 'burnRates'>): readonly [Tone, string] {
  const rates = Object.values(burnRates);
  if (budgetLeft === null) return ['idle', 'no events'];
  if (rates.length > 0 && rates.every((rate) => rate !== null && rate >= PAGES_AT))
    return ['bad', 'burns fast'];
  return budgetLeft < 0 ? ['warn', 'budget spent'] : ['ok', 'met'];
}

const percent = (share: number | null) =>
  share === null ? '–' : `${(share * 100).toFixed(Math.abs(share) >= 0.99 ? 2 : 1)} %`;
