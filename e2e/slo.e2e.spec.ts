import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SloReport } from '@fieldguide/platform-controller/slo/objective-watch';
import { system } from '@fieldguide/system';
import { describe, expect, it } from 'vitest';
import { newCustomer, orderOf, place, product, send, waitForEnd } from './shop.ts';

async function objectives(): Promise<Map<string, SloReport['objectives'][number]>> {
  const args = ['platform/cli/bin/fieldguide.mjs', 'slo', '--json', '--env', 'e2e'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const report = JSON.parse(stdout) as SloReport;
  return new Map(report.objectives.map((each) => [each.name, each]));
}

describe('the objectives of the running system', () => {
  it('count what a customer does: sign in, browse, order, and wait for its completion', async () => {
    const before = await objectives();
    expect([...before.keys()]).toEqual(system.objectives?.map(({ name }) => name));
    const { token } = await newCustomer();
    for (let n = 0; n < 5; n++) await send('GET', `/products/${product.plenty}`);
    const { id } = (await place(token, 'objective', orderOf('tok_ok', product.plenty))).body;
    expect((await waitForEnd(token, id)).status).toBe('completed');
    const added = async () => {
      const after = await objectives();
      return [...after].map(([name, { events }]) => events - before.get(name)!.events);
    };
    // Other requests of the platform and of this test may count, too; fewer never do.
    await expect
      .poll(added)
      .toEqual([5, 1, 1, 1].map((least) => expect.toSatisfy((n) => n >= least)));
    const { browsing } = Object.fromEntries(await objectives());
    expect(browsing!.ratio).toBeGreaterThan(0.5);
    expect(browsing!.burnRates['5m']).toBeGreaterThanOrEqual(0);
  });
});
