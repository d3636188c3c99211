import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger as LedgerPage, LedgerQuery } from '@fieldguide/contracts/payment-provider';
import { operation } from '@fieldguide/contracts/payment-provider/examples';
import { expect, it } from 'vitest';
import { LedgerController } from './ledger.controller.ts';
import { Ledger } from './ledger.ts';

const payment = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;

it('the ledger answers one bounded page after the other, or one payment', () => {
  const LEDGER_FILE = join(mkdtempSync(join(tmpdir(), 'ledger-')), 'ledger.sqlite');
  const ledger = new Ledger({ LEDGER_FILE } as never);
  for (let n = 0; n < 250; n++)
    ledger.add(payment(n), () => ({ ...operation.value, paymentId: payment(n), key: `${n}` }));
  const controller = new LedgerController(ledger);
  const keys: string[] = [];
  const sizes: number[] = [];
  for (let cursor: string | null = '0'; cursor !== null; ) {
    const page = LedgerPage.parse(controller.operations(LedgerQuery.parse({ cursor })));
    keys.push(...page.operations.map(({ key }) => key));
    sizes.push(page.operations.length);
    cursor = page.nextCursor;
  }
  expect(sizes).toEqual([100, 100, 50]);
  expect(keys).toEqual(Array.from({ length: 250 }, (_, n) => `${n}`));
  const one = controller.operations(LedgerQuery.parse({ paymentId: payment(7) }));
  expect(one.operations.map(({ key }) => key)).toEqual(['7']);
  ledger.onApplicationShutdown();
});
