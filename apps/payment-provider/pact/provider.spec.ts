import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeProviderPacts } from '@fieldguide/contract-testing/provider';
import { operation } from '@fieldguide/contracts/payment-provider/examples';
import { afterAll } from 'vitest';
import { Ledger } from '../src/ledger/ledger.ts';
import { PaymentProviderModule } from '../src/payment-provider.module.ts';

const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
const file = join(folder, 'ledger.sqlite');
afterAll(() => rmSync(folder, { recursive: true }));

describeProviderPacts('payment-provider', PaymentProviderModule, {
  env: { PROVIDER_API_KEY: 'the-key-of-payments', LEDGER_FILE: file },
  clean: () => {
    const ledger = new DatabaseSync(file);
    ledger.exec('DELETE FROM operations');
    ledger.close();
  },
  states: (app) => {
    const ledger = app.get(Ledger);
    const find = ({ paymentId = '', key = '' }) => ledger.find(key || `${paymentId}:authorise`);
    return {
      'there is no operation with this key': { holds: async (values) => !find(values) },
      'a payment was authorised': {
        set: async ({ paymentId = '' }) => {
          const key = `${paymentId}:authorise`;
          ledger.add(paymentId, () => ({ ...operation.value, paymentId, key }));
        },
        holds: async (values) => find(values)?.outcome === 'approved',
      },
    };
  },
});
