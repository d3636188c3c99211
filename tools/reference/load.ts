import { runnerImport } from 'vite';
import type * as Pages from './pages.ts';

/** The generated pages and what is wrong with the others. They import services, whose decorators Node cannot run: Vite can. */
export async function loadPages(): Promise<Pick<typeof Pages, 'pages' | 'mistakes'>> {
  const { module } = await runnerImport<typeof Pages>('./tools/reference/pages.ts', {
    configFile: false,
    logLevel: 'error',
    oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  });
  return module;
}
