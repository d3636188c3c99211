import { describe, expect, it } from 'vitest';
import type { Shop } from '../frame/shop.ts';
import { type Mystery, mysteries } from './mysteries.ts';
import { judge } from './mystery.ts';

const shop = { last: (read: () => Promise<boolean>) => read() } as unknown as Shop;
const mystery: Mystery = {
  symptom: 's',
  cause: { kind: 'freeze', target: 'alpha/1' },
  service: 'alpha',
  pattern: 'frozen process',
  evidence: [
    { terms: ['breaker_state'], isThere: async () => true },
    { terms: ['lag'], isThere: async () => false },
  ],
  way: [],
  explanation: 'e',
};
const right = { service: 'alpha', pattern: 'frozen process', evidence: 'Breaker-State is 2.' };

describe('an answer to a mystery', () => {
  it('is accepted when service, pattern and evidence are right', async () => {
    expect(await judge(shop, mystery, right)).toEqual({
      service: true,
      pattern: true,
      evidence: true,
    });
  });
  it.each([
    ['another service', { service: 'beta' }, 'Another service'],
    ['another pattern', { pattern: 'bad release' }, 'pattern is not'],
    ['evidence of something else', { evidence: 'it is slow' }, 'does not show this cause'],
    ['a term inside another word', { evidence: 'a flag' }, 'does not show this cause'],
    ['a whole page', { evidence: `breaker_state ${'x '.repeat(100)}` }, 'characters at most'],
    ['evidence that is not there now', { evidence: 'the lag' }, 'does not show it now'],
  ])('is refused with %s', async (_, change, help) => {
    const judgement = await judge(shop, mystery, { ...right, ...change });
    expect(judgement.help).toContain(help);
  });
  it('is not given away by a text that another mystery has too', () => {
    const texts = mysteries.flatMap(({ symptom, way, explanation }) => [
      ...[symptom, explanation].flatMap((text) => text.split(/(?<=[.?]) /)),
      ...way.map(({ why }) => why),
    ]);
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
  });
  it('needs a way, and evidence that no other part of an answer gives away', () => {
    for (const { evidence, way, symptom, service, pattern } of mysteries) {
      expect(way.length).toBeGreaterThan(0);
      const known = `${symptom} ${service} ${pattern}`.toLowerCase();
      for (const term of evidence.flatMap(({ terms }) => terms))
        expect(known).not.toContain(term.toLowerCase());
    }
  });
});
