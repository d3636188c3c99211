import type { ScaleChange } from '@fieldguide/platform-controller/scale';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';

/** Parses `3`, or `web=2 worker=1`. @throws CliError that names the word that is wrong */
export function parseScale(words: readonly string[]): ScaleChange {
  const [only = '', another] = words;
  if (another === undefined && !only.includes('=')) return parseNumber(only);
  const byType = words.map((word) => {
    const [type = '', count] = word.split('=');
    if (count === undefined)
      throw new CliError(`"${word}" names no process type.`, '3, or web=2 worker=1, but not both');
    return [parseChoice('process type', type, ['web', 'worker']), parseNumber(count)];
  });
  return Object.fromEntries(byType);
}

/** Parses a whole number. @throws CliError when it is none */
export function parseNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isInteger(number))
    throw new CliError(`"${text}" is not a whole number.`, 'for example 3');
  return number;
}
