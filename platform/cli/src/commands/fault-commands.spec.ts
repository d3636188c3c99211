import { describe, expect, it } from 'vitest';
import { requestOf } from './fault-commands.ts';

const common = { env: 'local', for: 60 };

describe('the request for a fault', () => {
  it('has the given options and the defaults of its kind', () => {
    const options = { ...common, to: 'kafka', delay: 300, percent: 20 };
    expect(requestOf('latency', 'alpha', options)).toEqual({
      ...{ kind: 'latency', target: 'alpha', to: 'kafka', delayMs: 300, jitterMs: 0, percent: 20 },
      ...{ forSeconds: 60, force: false },
    });
  });

  it.each([
    ['latency', {}, /Cannot start the fault latency: --delay: /],
    ['reset', { percent: 0 }, /--percent: /],
    ['down', { delay: 5 }, /"delay"/],
    ['down', { for: 4_000 }, /--for: /],
  ] as const)('explains which option of %s is wrong: %j', (kind, options, message) => {
    expect(() => requestOf(kind, 'alpha', { ...common, ...options })).toThrow(message);
  });
});
