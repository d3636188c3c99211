import { LedgerQuery } from '@fieldguide/contracts/payment-provider';
import { Controller, Get, Query } from '@nestjs/common';
import { Ledger } from './ledger.ts';

@Controller('ledger')
export class LedgerController {
  constructor(private readonly ledger: Ledger) {}

  /** Public, because this is a simulator: tests and learners inspect the captured amounts here. */
  @Get()
  operations(@Query({ schema: LedgerQuery }) query: LedgerQuery) {
    return this.ledger.page(query);
  }
}
