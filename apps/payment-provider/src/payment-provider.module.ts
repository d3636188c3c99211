import { Module } from '@nestjs/common';
import { LedgerController } from './ledger/ledger.controller.ts';
import { Ledger } from './ledger/ledger.ts';
import { OperationsController } from './operations/operations.controller.ts';

/** A simulator of somebody else's service: it knows nothing of ours. */
@Module({ controllers: [OperationsController, LedgerController], providers: [Ledger] })
export class PaymentProviderModule {}
