import { closest, distance } from 'fastest-levenshtein';
import { Fault } from './fault.ts';

/** The value itself when it is one of `known`. @throws Fault that offers the nearest one */
export function oneOf<Known extends string>(
  what: string,
  value: string,
  known: readonly Known[],
): Known {
  if ((known as readonly string[]).includes(value)) return value as Known;
  const lower = value.toLowerCase();
  const best = closest(
    lower,
    known.map((each) => each.toLowerCase()),
  );
  const near = known.find((each) => each.toLowerCase() === best);
  const alike = near !== undefined && distance(lower, best) <= Math.max(3, value.length / 2);
  throw new Fault(
    `There is no ${what} "${value}".${alike ? ` Did you mean "${near}"?` : ''}`,
    `one of: ${known.join(', ')}`,
  );
}
