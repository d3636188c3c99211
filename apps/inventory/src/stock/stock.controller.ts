import { Open } from '@fieldguide/auth';
import { Database } from '@fieldguide/database';
import { Controller, Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { Stock } from './stock.entity.ts';
import { refuse } from './stock.refusals.ts';

@Controller('stock')
export class StockController {
  constructor(private readonly database: Database) {}

  @Open()
  @Get(':productId')
  async one(@Param('productId', { schema: z.guid() }) productId: string) {
    const stock = await this.database.source.manager.findOneBy(Stock, { productId });
    if (!stock) throw refuse.productUnknown();
    return { productId, onHandUnits: stock.onHandUnits, freeUnits: stock.freeUnits };
  }
}
