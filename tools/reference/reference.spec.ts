import { describe, expect, it } from 'vitest';
import { commandsPage } from './commands.ts';
import { diagramMistakes } from './diagrams.ts';
import { serviceErrors, sharedErrors, unknownCodesIn } from './errors.ts';
import { stalePages, table } from './markdown.ts';
import { metricMistakes, metricsPage } from './metrics.ts';
import { portMistakes, portsPage } from './ports.ts';
import { settingsPage, unknownSettingsIn } from './settings.ts';
import { listedOn, sources } from './sources.ts';
import { topicMistakes, topicsPage } from './topics.ts';
import { readmeWithTrail, trailOf } from './trail.ts';

describe('the reference pages', () => {
  it('list an error of a service, and one of the libraries, with its status', async () => {
    expect(await serviceErrors()).toContainEqual(
      expect.objectContaining({ code: 'catalog.skuTaken', status: 409 }),
    );
    expect(sharedErrors()).toContainEqual(
      expect.objectContaining({ code: 'tooManyRequests', status: 429 }),
    );
  });
  it('give every error a meaning', async () => {
    const all = [...(await serviceErrors()), ...sharedErrors()];
    expect(all.filter(({ message }) => message === '')).toEqual([]);
  });
  it('list a live setting with its default, and hide no secret setting', async () => {
    const page = await settingsPage();
    expect(page).toMatch(/^\| `RATE_LIMIT_PER_MINUTE` \| integer \| `6000` \| immediately \|/m);
    expect(page).toMatch(/^\| `DATABASE_URL` \| secret, URL \| required \|/m);
  });
  it('list a command of a group with its options', async () =>
    expect(await commandsPage()).toMatch(/^## backing restart$/m));
  it('escape pipes in cells', () => expect(table(['a'], [['x|y']])).toContain('x\\|y'));
  it('are stale when the committed text differs', () => {
    const pages = new Map([['a.md', 'new']]);
    expect(stalePages(pages, () => 'new')).toEqual([]);
    expect(stalePages(pages, () => 'old')).toEqual(['a.md']);
  });
  it('report a setting in the docs that no service has', () => {
    const check = (text: string) => unknownSettingsIn('a.md', text, new Set(['LOG_LEVEL']));
    expect(check('`npx fieldguide env shipping LOG_LEVEL=debug`')).toEqual([]);
    expect(check('`npx fieldguide env shipping LOG_LEVEL_GONE=1`')).toHaveLength(1);
  });
  it('report an error code in the docs that no service defines', () => {
    const defined = new Set(['catalog.skuTaken']);
    expect(unknownCodesIn('a.md', '`catalog.skuTaken` `orders.fooBar`', defined)).toEqual([]);
    expect(unknownCodesIn('a.md', '`catalog.skuGone`', defined)).toHaveLength(1);
    expect(unknownCodesIn('a.md', '400 `unreadable`', defined)).toHaveLength(1);
  });
});

/** Returns the texts with one name replaced. */
const renamed = (pattern: string, from: string, to: string) =>
  sources(pattern).map(({ file, text }) => ({ file, text: text.replaceAll(from, to) }));

describe('a sequence diagram', () => {
  const check = (text: string) =>
    diagramMistakes('a.md', text, new Set(['OrderPlaced']), ['apps/x/src/on-order.ts']);

  it('draws existing messages and files only', () => {
    expect(check('  O->>I: OrderPlaced<br/>on-order.ts\n  C->>O: POST /x<br/>on-order.ts')).toEqual(
      [],
    );
    expect(check('  O->>I: OrderGone<br/>on-order.ts')).toHaveLength(1);
    expect(check('  O->>I: OrderPlaced<br/>order.ts')).toHaveLength(1);
  });
});

describe('a page and the sources', () => {
  it('list the same metrics', async () => {
    const page = await metricsPage();
    expect(metricMistakes(page)).toEqual([]);
    const files = renamed('{apps,libs}/*/src/**/*.ts', "'outbox_messages'", "'outbox_size'");
    expect(metricMistakes(page, files)).toEqual([
      expect.stringMatching(/does not list outbox_size of libs\/telemetry/),
      expect.stringContaining('lists outbox_messages, which no source contains'),
    ]);
  });

  it('list the same messages: published by their provider, commands sent by another app', async () => {
    const page = await topicsPage();
    expect(await topicMistakes(page)).toEqual([]);
    for (const type of listedOn(page)) {
      const files = renamed('apps/*/src/**/*.ts', type, 'Gone');
      expect(await topicMistakes(page, files)).toEqual([expect.stringContaining(`lists ${type},`)]);
      expect(await topicMistakes(page.replace(`| \`${type}\``, '| `Gone`'))).toHaveLength(2);
    }
  });

  it('list the same topics', async () => {
    const page = await topicsPage();
    const [, topic] = /^## (\S+)$/m.exec(page)!;
    const contracts = renamed('contracts/*/index.ts', `'${topic}'`, "'gone.v1'");
    expect(await topicMistakes(page, undefined, contracts)).toHaveLength(2);
  });

  it('list the same fixed ports', () => {
    const page = portsPage();
    expect(portMistakes(page)).toEqual([]);
    const files = renamed('platform/controller/src/api/*.ts', '8090', '8091');
    expect(portMistakes(page, files)).toContainEqual(expect.stringContaining('not list 8091'));
    expect(portMistakes(page, files)).toContainEqual(expect.stringContaining('lists 8090'));
  });
});

describe('the trail of an order', () => {
  it('leads from the route table over the controller and the model to the publisher', () => {
    const files = trailOf('POST', '/orders').map(({ file }) => file);
    expect(files[0]).toBe('contracts/gateway/routes.ts');
    for (const part of [/controller\.ts$/, /order\.model\.ts$/, /publish-orders\.ts$/])
      expect(files).toContainEqual(expect.stringMatching(part));
  });
  it('fails for an unknown route, and for a README without markers', () => {
    expect(() => trailOf('POST', '/pizzas')).toThrow('no route');
    expect(readmeWithTrail('# Title')).toBe('# Title');
  });
});
