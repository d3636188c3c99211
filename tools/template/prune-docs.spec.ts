import { expect, it } from 'vitest';
import { pruned } from './prune-docs.ts';

const without = (word: string, text: string) => pruned(text, (block) => block.includes(word));

it('removes stale items, rows and paragraphs', () => {
  const text = '# A\n\nOne.\n\nTwo gone.\n\n- three\n- gone\n\n| h |\n|---|\n| gone |\n| four |\n';
  expect(without('gone', text)).toBe('# A\n\nOne.\n\n- three\n\n| h |\n|---|\n| four |\n');
});

it('removes headings, lists and tables without content', () => {
  const text =
    '# A\n\nOne.\n\n## B\n\n### C\n\n- gone\n\n## D\n\n| h |\n|---|\n| gone |\n\n## E\n\nTwo.\n';
  expect(without('gone', text)).toBe('# A\n\nOne.\n\n## E\n\nTwo.\n');
});

it('keeps a code block in one piece, and a generated part', () => {
  const text = '# A\n\n```sh\none\n\ngone\n```\n\n<!-- system -->\n\ngone\n\n<!-- /system -->\n';
  expect(without('gone', text)).toBe('# A\n\n<!-- system -->\n\ngone\n\n<!-- /system -->\n');
});
