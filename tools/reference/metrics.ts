import { pathToFileURL } from 'node:url';
import { metrics } from '@fieldguide/telemetry';
import { page, table } from './markdown.ts';
import { listedOn, mismatches, namesIn, type Source, sources } from './sources.ts';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly constructor: { readonly name: string };
}

/** Every metric in the registry, after the services that add their own are imported. */
export async function metricsPage(): Promise<string> {
  for (const { file, text } of sources('apps/*/src/**/*.ts'))
    if (/metrics\.(gauge|counter|histogram)\(/.test(text)) await import(pathToFileURL(file).href);
  const all = metrics.registry.getMetricsAsArray() as unknown as Metric[];
  const rows = all
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ name, help, labelNames, constructor: { name: type } }) => [
      `\`${name}\``,
      type.replace('Request', '').toLowerCase(),
      labelNames.map((label) => `\`${label}\``).join(', '),
      help,
    ]);
  return page(
    'Metrics',
    'Every instance serves these at `/metrics` in the Prometheus format, next to the figures of its process (`process_…`, `nodejs_…`). The gateway serves them to the scope `operations` only.',
    table(['name', 'type', 'labels', 'meaning'], rows),
  );
}

/** Compares the page with the metrics that the sources create, both ways. */
export function metricMistakes(
  text: string,
  files: readonly Source[] = sources('{apps,libs}/*/src/**/*.ts'),
): string[] {
  const created =
    /(?:new (?:Gauge|Counter|(?:Request)?Histogram)\(\{\s*name:|metrics\.(?:gauge|counter|histogram)\()\s*'(\w+)'/g;
  return mismatches('docs/reference/metrics.md', listedOn(text), namesIn(files, created));
}
