import type { ConsumedMessage } from './consumed-message.ts';
import type { ServiceName } from './service-name.ts';

/** Options that select lines of a template: `// with --consumes` at the end of a line. */
export type TemplateOption = 'crud' | 'event-sourced' | 'consumes';

export interface TemplateValues {
  readonly name: ServiceName;
  /** npm scope of the packages: `@fieldguide`. */
  readonly scope: string;
  readonly message?: ConsumedMessage | undefined;
}

/**
 * Fills a template. It is written for the service `reviews` that consumes `ProductChanged` of catalog, in a repository
 * with the scope `@fieldguide`.
 */
export function fillTemplate(text: string, { name, scope, message }: TemplateValues): string {
  const values = new Map([
    ['@fieldguide/', `${scope}/`],
    ...formsOf(name),
    ...(message ? formsOfMessage(message) : []),
  ]);
  // In one pass, so that a value is not filled again; the longest first, because some contain others.
  const placeholders = [...values.keys()].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(
    placeholders.map((each) => each.replaceAll(/[[\]{}]/g, '\\$&')).join('|'),
    'g',
  );
  return text.replaceAll(pattern, (found) => values.get(found)!);
}

/** Keeps the lines that have no mark, or one that the options fulfil. */
export function selectLines(text: string, options: ReadonlySet<TemplateOption>): string {
  const mark = / \/\/ (with|without) (--[a-z-]+(?: or --[a-z-]+)*)$/;
  return text
    .split('\n')
    .filter((line) => {
      const [, word, names] = mark.exec(line) ?? [];
      if (!word) return true;
      const isSet = names!
        .split(' or ')
        .some((each) => options.has(each.slice(2) as TemplateOption));
      return isSet === (word === 'with');
    })
    .map((line) => line.replace(mark, ''))
    .join('\n');
}

function formsOf({ plural, singular }: ServiceName): [string, string][] {
  const article = /^[aeiou]/.test(singular) ? 'an' : 'a';
  return [
    ['reviews', plural],
    ['Reviews', capital(plural)],
    ['review', singular],
    ['Review', capital(singular)],
    ['a review', `${article} ${singular}`],
  ];
}

function formsOfMessage(message: ConsumedMessage): [string, string][] {
  const { service, type, example, key, fields, state, noun, nouns, participle } = message;
  const [kept, allKept] = [
    [participle, noun],
    [participle, nouns],
  ].map((words) => words.map(capital).join(''));
  return [
    ['catalog', service],
    ['ProductChanged', type],
    ['productChanged', example],
    ['product-changed', kebab(type)],
    ['Changed', capital(participle)],
    ['ChangedProduct', kept!],
    ['ChangedProducts', allKept!],
    ['changed-product', kebab(kept!)],
    ['changed-products', kebab(allKept!)],
    ['changed_products', kebab(allKept!).replaceAll('-', '_')],
    ['productId', key],
    ["'productId', 'name'", fields.map((field) => `'${field}'`).join(', ')],
    ["['a product was repriced', { productId }]", state],
  ];
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
const kebab = (name: string) =>
  name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
