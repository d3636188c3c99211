import { Public } from '@fieldguide/auth';
import { IdRequest } from '@fieldguide/contracts/money';
import { Database } from '@fieldguide/database';
import { Controller, Get, Param } from '@nestjs/common';
import { Stock } from './stock.entity.ts';
import { errors } from './stock.errors.ts';

@Controller('stock')
export class StockController {
  constructor(private readonly database: Database) {}

  @Public()
  @Get(':productId')
  async one(@Param('productId', { schema: IdRequest }) productId: string) {
    const stock = await this.database.source.manager.findOneBy(Stock, { productId });
    if (!stock) throw errors.productNotFound();
    return { productId, onHandUnits: stock.onHandUnits, freeUnits: stock.freeUnits };
  }
}
