import { globSync, readFileSync } from 'node:fs';
import { inboxRetention } from '@fieldguide/messaging/parts';
import { topics as topicsOf } from '@fieldguide/platform-model/derive';
import { system } from '@fieldguide/system';
import { describe, expect, it } from 'vitest';

const topics = topicsOf(system);
/** The page, and what services state in their own README under the same heads. */
const pages = [
  readFileSync('docs/reference/retention.md', 'utf8'),
  ...globSync('apps/*/README.md').map(
    (file) => readFileSync(file, 'utf8').split('\n## Retention\n')[1] ?? '',
  ),
];
const rows = pages
  .join('\n')
  .split('\n')
  .filter((line) => /^\| .*`/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

const owners = {
  database: 'with a database',
  messaging: 'with messages',
  'event-store': 'event-sourced',
};

/** Lists the tables by the service whose migrations create them, in the page's terms. */
function tables(): string[] {
  const files = globSync(['apps/*/migrations/*.ts', 'libs/*/src/*.migration.ts']);
  return files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    const [area, name] = file.split(/[\\/]/);
    const owner = area === 'apps' ? name : owners[name as keyof typeof owners];
    const names = [...text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/g)];
    return names.map(([, table]) => `${owner} ${table}`);
  });
}

/** Formats milliseconds as `7 days`, `1 hour` or `10 minutes`. */
function inWords(ms: number): string {
  const [count, unit] =
    ms % 86_400_000 === 0
      ? [ms / 86_400_000, 'day']
      : ms % 3_600_000 === 0
        ? [ms / 3_600_000, 'hour']
        : [ms / 60_000, 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

describe('the page about retention', () => {
  it('has one row for each table of each service, and no other', () => {
    const named = rows.filter(([, , table]) => /^\w+$/.test(table!));
    expect(named.map(([, owner, table]) => `${owner} ${table}`).toSorted()).toEqual(
      tables().toSorted(),
    );
  });

  it('has one row for each topic, with its settings, and no other', () => {
    const named = rows.filter(([, topic]) => /\.v\d+$/.test(topic!));
    const documented = named.map(([, topic, kept, segment]) => [topic, kept, segment]);
    const set = topics.map(({ name, settings }) => [
      name,
      settings['cleanup.policy'] === 'compact'
        ? 'the latest for each product, for ever'
        : inWords(Number(settings['retention.ms'])),
      inWords(Number(settings['segment.ms'])),
    ]);
    expect(documented.toSorted()).toEqual(set.toSorted());
  });

  it('keeps the inbox for longer than any topic can redeliver a message', () => {
    const longest = topics.map(
      ({ settings }) => Number(settings['retention.ms'] ?? 0) + Number(settings['segment.ms']),
    );
    expect(inboxRetention.days() * 86_400_000).toBeGreaterThan(Math.max(...longest));
    const inbox = rows.find(([, , table]) => table === 'inbox');
    expect(inbox?.[3]).toBe(inWords(inboxRetention.days() * 86_400_000));
  });
});
