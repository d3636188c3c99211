import type { Card } from '../api/reads.ts';
import type { Answer } from '../loading/last-answers.ts';

export interface Search {
  readonly query: string;
  readonly category: string;
}
interface Cards {
  readonly items: readonly Card[];
  readonly nextCursor: string | null;
}

export function readSearch(search: string): Search {
  const params = new URLSearchParams(search);
  return { query: params.get('query') ?? '', category: params.get('category') ?? '' };
}

/** The query of a search, without empty parts. */
export const toQuery = ({ query, category }: Search): Record<string, string> => ({
  ...(query.trim() && { query: query.trim() }),
  ...(category && { category }),
});

export function hrefOf(search: Search): string {
  const query = new URLSearchParams(toQuery(search)).toString();
  return query ? `/?${query}` : '/';
}

/** Searches an earlier answer with all products, while the catalog cannot: by name only. */
export function searchIn<T extends Cards>(
  all: Answer<T> | undefined,
  { query, category }: Search,
): Answer<T> | undefined {
  if (!all) return undefined;
  const words = query.trim().toLowerCase();
  const items = all.value.items.filter(
    (each) => (!category || each.category === category) && each.name.toLowerCase().includes(words),
  );
  return { ...all, value: { ...all.value, items } };
}
