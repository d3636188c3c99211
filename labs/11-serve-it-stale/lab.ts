import type { Timeline } from '@fieldguide/contracts/ordering';
import { select } from '../frame/edit.ts';
import { type Lab, ok, red } from '../frame/lab.ts';
import type { Shop } from '../frame/shop.ts';

const offers = (body: string) =>
  select('apps/ordering/src/prices/product-prices.ts', 'ProductPrices.#offers').replace(
    `async #offers(ids: readonly string[]): Promise<{ offers: Map<string, Offered>; asOf: Date }> {
    ${body}
  }`,
  );
/** Calls catalog first; `otherwise` follows when the call fails. */
const fetchFirst = (otherwise: string) =>
  offers(`const known = await this.#known(ids);
    const asOf = this.freshness.asOf(ids);
    try {
      return { offers: await this.#fetched(ids), asOf: this.clock.now() };
    } catch {
      const tooOld = !asOf || asOf < this.clock.fromNow(-this.config.PRICE_AGE_MS_MAX);
      ${otherwise}
    }`);

const NOT_SOLD = '01900000-0000-7000-8000-00000000dead';
const SETTING = '/apps/ordering/settings/PRICE_AGE_MS_MAX';
const BOUND_MS = 5_000;
const OLD_MS = 7_000;
const WITHIN_MS = 12_000;
const PAUSE_MS = 1_000;
const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
const IS_REFUSED = 'ordering.pricesUnavailable';

/** Repeats an order until a result holds. */
const requested = (shop: Shop, holds: (result: Result) => boolean | Promise<boolean>) => {
  const read = async () => {
    await pause();
    const result = await resultOf(shop);
    return { ...result, holds: await holds(result) };
  };
  return shop.last(read, (result) => result.holds, WITHIN_MS);
};

type Result = Awaited<ReturnType<typeof resultOf>>;
async function resultOf(shop: Shop, productId?: string) {
  const { status, body } = await shop.request(productId ? { productId } : {});
  const refused = body.type?.endsWith(IS_REFUSED) ?? false;
  const found = status === 201 ? 'the order is accepted' : `${status}: ${body.title}`;
  return { status, id: body.id, refused: status === 503 && refused, found };
}

/** Returns how old the prices of an order were when it was placed; the first event of its timeline states it. */
async function priceAgeMs(shop: Shop, id: string): Promise<number> {
  const { body } = await shop.customer.send<Timeline>('GET', `/orders/${id}/timeline`);
  const { time, data } = body.items[0]!;
  return Date.parse(time) - Date.parse(String(data['pricesAsOf']));
}

/** The lab about a cache for resilience. */
export const lab: Lab = {
  title: 'Serve it stale',
  minutes: 20,
  level: 'basic',
  patterns: ['stale if error', 'bounded staleness'],
  proofSeconds: 135,
  apps: ['ordering'],
  damage: [
    offers(`try {
      return { offers: await this.#fetched(ids), asOf: this.clock.now() };
    } catch {
      throw errors.pricesUnavailable();
    }`),
  ],
  checks: [
    {
      name: 'an order is priced without catalog',
      expected: 'Kafka and catalog are down, and an order of a known product is accepted',
      look: 'npx fieldguide logs ordering --env lab; apps/ordering/src/prices',
      run: async (shop) => {
        await shop.idle(); // after an earlier check Kafka may be starting
        await shop.fault('down', 'kafka');
        await shop.fault('down', 'catalog');
        const { status, found } = await resultOf(shop);
        return status === 201
          ? ok(found)
          : red(
              found,
              'Ordering has a copy of the prices in its own database (ProductPrice). Which method reads it, and who calls that method?',
            );
      },
    },
    {
      name: 'an unknown product is refused',
      expected: `an order of a product that is not in the copy is refused with ${IS_REFUSED}`,
      look: 'POST /orders with another productId',
      run: async (shop) => {
        const { refused, found } = await resultOf(shop, NOT_SOLD);
        return refused
          ? ok(found)
          : red(
              found,
              'A copy answers for the products that it has. A price that is made up for the others is a binding one.',
            );
      },
    },
    {
      name: 'the order states the age of its price',
      expected: `pricesAsOf of new orders stops at the time of the copy: more than ${OLD_MS / 1_000} s old after a while`,
      look: 'GET /orders/ID/timeline: pricesAsOf of OrderPlaced',
      run: async (shop) => {
        let ageMs = 0;
        const { status, found } = await requested(shop, async ({ status, id }) => {
          if (status === 201) ageMs = await priceAgeMs(shop, id);
          return status === 201 && ageMs > OLD_MS;
        });
        const text = `${found}, with a price ${Math.round(ageMs / 1_000)} s old`;
        return status === 201 && ageMs > OLD_MS
          ? ok(text)
          : red(
              text,
              'The time of a price is the time at which the copy was complete, not the time at which it was read: freshness.asOf.',
            );
      },
    },
    {
      name: 'a price that is too old is refused',
      expected: `PRICE_AGE_MS_MAX is ${BOUND_MS}, and an order is refused with ${IS_REFUSED}`,
      look: 'npx fieldguide env ordering --env lab',
      run: async (shop) => {
        await shop.platform.call('PUT', SETTING, { value: String(BOUND_MS) });
        try {
          const { refused, found } = await requested(shop, (result) => result.refused);
          return refused
            ? ok(found)
            : red(
                found,
                'A copy without a bound sells at the prices of last week, and nothing shows it. Compare its age with the setting PRICE_AGE_MS_MAX.',
              );
        } finally {
          await shop.platform.call('DELETE', SETTING);
          await shop.endFaults();
        }
      },
    },
  ],
  red: 'an order is priced without catalog',
  hints: [
    'ProductPrices.#offers decides where the prices come from. ProductPrices.#known reads the copy.',
    'Use the copy when the call fails. Two cases remain for the error: a product that the copy does not have, and a copy that is too old.',
    'freshness.asOf(ids) is the time of the copy, undefined when it was never complete. Return it as asOf, and refuse when it is before clock.fromNow(-config.PRICE_AGE_MS_MAX).',
  ],
  wrong: [
    {
      name: 'a copy without a bound',
      edits: [
        fetchFirst(`if (!asOf || known.size < ids.length) throw errors.pricesUnavailable();
      return { offers: known, asOf };`),
      ],
      red: 'a price that is too old is refused',
      help: 'A copy without a bound',
    },
    {
      name: 'a default price for an unknown product',
      edits: [
        fetchFirst(`if (tooOld) throw errors.pricesUnavailable();
      const offer = { name: 'Product', price: { amountMinor: 100, currency: 'EUR' }, retired: false };
      return { offers: new Map(ids.map((id) => [id, known.get(id) ?? offer])), asOf };`),
      ],
      red: 'an unknown product is refused',
      help: 'A price that is made up',
    },
    {
      name: 'an old price that looks current',
      edits: [
        fetchFirst(`if (tooOld || known.size < ids.length) throw errors.pricesUnavailable();
      return { offers: known, asOf: this.clock.now() };`),
      ],
      red: 'the order states the age of its price',
      help: 'freshness.asOf',
    },
  ],
  after: `
A copy of the data that a service needs lets it work without the owner of the data. Ordering consumes each change of a product, and knows since when its copy is complete. While that is recent it does not call catalog at all; later it calls, and uses the copy when the call fails. Past a bound it refuses, with an error that states when to try again.

Where it bites in production: a cache that expires while its source is down turns one outage into two. A cache without a bound hides the outage instead, until an auditor finds orders at the prices of last month. The bound is a decision of the business, so it is a setting.

What it costs: a table, a consumer, and prices that are seconds old. Each order keeps the time of its prices, so that support can explain them.

When not to use it: where an old answer does harm, such as a withdrawn permission or the last unit in stock. Refuse there, or reserve at the owner.
`,
};
