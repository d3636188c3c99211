// `npm run docs:reference` writes the pages under docs/reference that follow from code; `--check` fails when one is stale.
// The pages import services, whose decorators Node cannot run: Vite loads them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { runnerImport } from 'vite';
import type * as Pages from './pages.ts';

const { module } = await runnerImport<typeof Pages>('./tools/reference/pages.ts', {
  configFile: false,
  logLevel: 'error',
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
});
const { pages, unknownCodes } = module;
const stale = [...pages].filter(
  ([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text,
);
if (process.argv.includes('--check')) {
  for (const [file] of stale) console.error(`${file} is stale. Try: npm run docs:reference`);
  const unknown = unknownCodes();
  for (const error of unknown) console.error(error);
  process.exit(stale.length + unknown.length > 0 ? 1 : 0);
}
for (const [file, text] of stale) writeFileSync(file, text);
process.exit(0); // metrics and loggers of the imported services may hold timers
