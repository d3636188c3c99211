import { Public } from '@fieldguide/auth';
import { LedgerQuery } from '@fieldguide/contracts/payment-provider';
import { Controller, Get, Query } from '@nestjs/common';
import { Ledger } from './ledger.ts';

@Controller('ledger')
export class LedgerController {
  constructor(private readonly ledger: Ledger) {}

  /** Open because it is a simulator's: whoever learns or tests may look at where the money went. */
  @Public()
  @Get()
  operations(@Query({ schema: LedgerQuery }) query: LedgerQuery) {
    return this.ledger.page(query);
  }
}
