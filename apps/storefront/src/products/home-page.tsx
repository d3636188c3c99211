import { Category } from '@fieldguide/contracts/catalog';
import { Link, useLocation, useSearch } from 'wouter';
import { Cards } from '../api/reads.ts';
import { Stale } from '../api/stale.ts';
import { entriesOf } from '../design/field.tsx';
import { ErrorNotice, StaleNotice } from '../design/notice.tsx';
import { Page } from '../design/page.tsx';
import { useLoaded } from '../loading/use-loaded.ts';
import { answers, shop } from '../shop.ts';
import { ProductCard } from './product-card.tsx';
import { hrefOf, readSearch, type Search, searchIn, toQuery } from './search.ts';

const ALL = 'products';
const LIMIT = '100';
const Known = Cards.extend(Stale.shape);

export function HomePage() {
  const search = readSearch(useSearch());
  const query = toQuery(search);
  const isSearch = Object.keys(query).length > 0;
  const all = useLoaded(ALL, () => shop.products({ limit: LIMIT }), { keep: Known });
  const found = useLoaded(
    isSearch ? `products?${new URLSearchParams(query)}` : null,
    () => shop.products({ ...query, limit: LIMIT }),
    { instead: () => searchIn(answers.get(ALL, Cards), search) },
  );
  const shown = isSearch ? found : all;
  const names = all.value?.items.map(({ name }) => name) ?? [];
  return (
    <Page
      title="Gear for the long way round"
      hero={
        <>
          <p>Tents, packs, stoves and boots. Drawn from life, kept in stock.</p>
          <SearchForm key={hrefOf(search)} search={search} names={names} />
        </>
      }
    >
      <Chips search={search} />
      <StaleNotice sinceMs={shown.staleSinceMs} away="catalog" />
      {!shown.value && <ErrorNotice error={shown.error} />}
      <Results
        cards={shown.value?.items}
        isLoading={shown.isLoading}
        isStale={shown.staleSinceMs !== undefined}
      />
      {shown.value?.nextCursor && <p>More products match: narrow your search to see them.</p>}
    </Page>
  );
}

function SearchForm({ search, names }: { search: Search; names: readonly string[] }) {
  const [, navigate] = useLocation();
  return (
    <search>
      <form
        className="find"
        onSubmit={(event) => {
          event.preventDefault();
          navigate(hrefOf({ ...search, query: entriesOf(event.currentTarget)['query'] ?? '' }));
        }}
      >
        <label className="unseen" htmlFor="query">
          Search products
        </label>
        <input
          id="query"
          name="query"
          type="search"
          list="names"
          defaultValue={search.query}
          placeholder="Tent, boot, stove …"
          autoComplete="off"
          maxLength={100}
        />
        <datalist id="names">
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <button type="submit" className="primary">
          Search
        </button>
      </form>
    </search>
  );
}

function Chips({ search }: { search: Search }) {
  return (
    <nav className="chips" aria-label="Categories">
      {['', ...Category.options].map((category) => (
        <Link
          key={category}
          href={hrefOf({ ...search, category })}
          aria-current={search.category === category ? 'true' : undefined}
        >
          {category ? category[0]!.toUpperCase() + category.slice(1) : 'All'}
        </Link>
      ))}
    </nav>
  );
}

function Results(props: {
  cards: readonly Cards['items'][number][] | undefined;
  isLoading: boolean;
  isStale: boolean;
}) {
  const { cards, isLoading, isStale } = props;
  if (isLoading)
    return (
      <ul className="cards" aria-label="Loading products" aria-busy="true">
        {[...'abcdefgh'].map((each) => (
          <li key={each} className="card skeleton" />
        ))}
      </ul>
    );
  if (!cards) return null;
  if (cards.length === 0)
    return (
      <div className="empty">
        <p>Nothing here matches your search.</p>
        <Link href="/">See all products</Link>
      </div>
    );
  return (
    <>
      <p className="unseen" role="status">
        {cards.length} products
      </p>
      <ul className="cards" aria-label="Products">
        {cards.map((card) => (
          <ProductCard key={card.id} card={card} isStale={isStale} />
        ))}
      </ul>
    </>
  );
}
