import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (pattern: RegExp, text: string) =>
  [...text.matchAll(pattern)].map(([, name]) => name!);
const example = read(/^#?(FIELDGUIDE_\w+)=/gm, readFileSync('.env.example', 'utf8'));
/** Variables that the tools set for their own test runs. */
const internal = ['FIELDGUIDE_PACT', 'FIELDGUIDE_PACT_FOLDER', 'FIELDGUIDE_WORKSPACE'];

const sources = globSync(
  '{apps,libs,platform,contracts,tools,e2e,simulation,bench,labs,system}/**/*.{ts,mjs}',
  {
    exclude: (path) => path.includes('node_modules'),
  },
);
const inCode = new Set(
  sources.flatMap((file) =>
    read(/process\.env(?:\.|\[')(FIELDGUIDE_\w+)/g, readFileSync(file, 'utf8')),
  ),
);

it('.env.example lists every variable that the code reads', () =>
  expect([...inCode].filter((name) => !example.includes(name)).sort()).toEqual(internal));
it('.env.example lists no variable that the code does not read', () =>
  expect(example.filter((name) => !inCode.has(name))).toEqual([]));
