import { Seeder, type UnitOfWork } from '@fieldguide/database';
import { Stock } from '../stock/stock.entity.ts';
import { stock } from './stock.ts';

/** Adds what is missing; a product that has stock keeps it. */
export class StockSeeder extends Seeder {
  override async seed(uow: UnitOfWork): Promise<void> {
    for (const [productId, onHandUnits] of stock) {
      if (await uow.load(Stock, productId)) continue;
      await uow.save(Stock, Object.assign(new Stock(), { productId, onHandUnits }));
    }
  }
}
