import { globSync, readFileSync } from 'node:fs';
import { page, table } from './markdown.ts';

/** The index of the decision records. */
export function decisionsPage(): string {
  const rows = globSync('docs/adr/[0-9]*.md')
    .toSorted()
    .map((path) => {
      const file = path.split(/[\\/]/).at(-1)!;
      const text = readFileSync(path, 'utf8');
      const [, number = '', title = ''] = /^# (\d+)\. (.+)$/m.exec(text) ?? [];
      const field = (name: string) => new RegExp(`^- ${name}: (.+)$`, 'm').exec(text)?.[1] ?? '';
      return [number, `[${title}](${file})`, field('Status'), field('Date')];
    });
  return page(
    'Decision records',
    'One page per decision that surprises. Format: status, date, context, decision, alternatives, consequences; `npm run check` verifies it.',
    table(['no.', 'decision', 'status', 'date'], rows),
  );
}
