import { Module } from '@nestjs/common';
import { LedgerController } from './ledger/ledger.controller.ts';
import { Ledger } from './ledger/ledger.ts';
import { OperateController } from './operations/operations.controller.ts';

/** A simulator of somebody else's service: it knows nothing of ours. */
@Module({ controllers: [OperateController, LedgerController], providers: [Ledger] })
export class PaymentProviderModule {}
