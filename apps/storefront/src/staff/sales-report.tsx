import { ErrorNotice } from '../design/notice.tsx';
import { money } from '../design/price.tsx';
import { useLoaded } from '../loading/use-loaded.ts';
import { shop } from '../shop.ts';
import { byDay, lastDays, type SoldOnDay, soldRows } from './sales.ts';

/** What was sold of a product, by day: a chart, and the same as a table. Paid orders only, with a short delay. */
export function SalesReport({ productId }: { productId: string }) {
  const days = lastDays(Date.now());
  const range = { from: days[0]!, to: days.at(-1)!, productId };
  const { value, error, reload } = useLoaded(`sales/${productId}?${range.to}`, () =>
    shop.sales(range),
  );
  return (
    <section className="sheet" aria-labelledby="sales">
      <h2 id="sales">Sales, last {days.length} days</h2>
      <ErrorNotice error={error} />
      {value && (
        <>
          <Chart sold={byDay(value, days)} />
          <table>
            <thead>
              <tr>
                <th scope="col">Day</th>
                <th scope="col">Units</th>
                <th scope="col">Revenue</th>
              </tr>
            </thead>
            <tbody>
              {soldRows(value).map(({ day, units, revenue }) => (
                <tr key={`${day} ${revenue.currency}`}>
                  <td>{day}</td>
                  <td>{units}</td>
                  <td>{money(revenue)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      <button type="button" onClick={reload}>
        Update
      </button>
    </section>
  );
}

const [WIDTH, HEIGHT, BASE] = [560, 140, 116];

function Chart({ sold }: { sold: readonly SoldOnDay[] }) {
  const most = Math.max(1, ...sold.map(({ units }) => units));
  const step = WIDTH / sold.length;
  const total = sold.reduce((sum, { units }) => sum + units, 0);
  return (
    <svg
      className="chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${total} units in ${sold.length} days; the table has each day`}
    >
      <path d={`M0 ${BASE + 0.5}H${WIDTH}`} />
      {sold.map(({ day, units }, index) => {
        const height = (units / most) * (BASE - 24);
        const middle = index * step + step / 2;
        return (
          <g key={day}>
            <rect x={index * step + 4} width={step - 8} y={BASE - height} height={height} rx="2" />
            {units > 0 && (
              <text x={middle} y={BASE - height - 6}>
                {units}
              </text>
            )}
            <text x={middle} y={HEIGHT - 6}>
              {Number(day.slice(-2))}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
