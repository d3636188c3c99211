// `npm run contracts:fields`: omits each field of a provider once. Exactly the consumers that read it must fail.
import { run } from './run.ts';

const { ok, output } = await run('Each field is omitted once', 'fields', []);
const tried = [...output.matchAll(/ (\d+) fields of (\d+) \w+ and messages/g)];
const sum = (at: number) => tried.reduce((all, match) => all + Number(match[at]), 0);
console.log(`  ${sum(1)} fields of ${sum(2)} responses and messages, ${tried.length} providers`);
if (!ok) console.log(output.slice(output.indexOf('Failed Tests')));
process.exitCode = ok ? 0 : 1;
