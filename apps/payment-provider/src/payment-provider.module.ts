import { Module } from '@nestjs/common';
import { LedgerController } from './ledger/ledger.controller.ts';
import { Ledger } from './ledger/ledger.ts';
import { OperationsController } from './operations/operations.controller.ts';

/** Simulates an external service; it knows nothing about ours. */
@Module({ controllers: [OperationsController, LedgerController], providers: [Ledger] })
export class PaymentProviderModule {}
