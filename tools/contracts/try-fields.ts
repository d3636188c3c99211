// `npm run contracts:fields`: every field that a provider sends is left out once. Whoever reads it must notice, nobody else.
import { run } from './run.ts';

const { ok, output } = await run('Every field is left out once', 'fields', []);
const tried = [...output.matchAll(/ (\d+) fields of (\d+) answers and messages/g)];
const sum = (at: number) => tried.reduce((all, match) => all + Number(match[at]), 0);
console.log(`  ${sum(1)} fields of ${sum(2)} answers and messages, ${tried.length} providers`);
if (!ok) console.log(output.slice(output.indexOf('Failed Tests')));
process.exitCode = ok ? 0 : 1;
