import { closest, distance } from 'fastest-levenshtein';
import { CliError } from './cli-error.ts';

/** Returns the value when it is one of `known`. @throws CliError with the closest known value as a suggestion */
export function parseChoice<Known extends string>(
  what: string,
  value: string,
  known: readonly Known[],
): Known {
  if ((known as readonly string[]).includes(value)) return value as Known;
  const lowerCase = value.toLowerCase();
  const closestName = closest(
    lowerCase,
    known.map((each) => each.toLowerCase()),
  );
  const suggestion = known.find((each) => each.toLowerCase() === closestName);
  const isClose =
    suggestion !== undefined && distance(lowerCase, closestName) <= Math.max(3, value.length / 2);
  throw new CliError(
    `There is no ${what} "${value}".${isClose ? ` Did you mean "${suggestion}"?` : ''}`,
    `use one of: ${known.join(', ')}`,
  );
}
