import { RequireScope } from '@fieldguide/auth';
import { SalesQuery, type SalesReport } from '@fieldguide/contracts/ordering';
import { Database } from '@fieldguide/database';
import { Controller, Get, Query } from '@nestjs/common';
import { Between } from 'typeorm';
import type { z } from 'zod';
import { errors } from '../order/order.errors.ts';
import { Sales } from './sales.entity.ts';

const ROWS_MAX = 10_000;

/** Shows staff what was sold, from the projection: it follows the orders with a short delay. */
@RequireScope('orders:read:any')
@Controller('sales')
export class SalesController {
  constructor(private readonly database: Database) {}

  @Get()
  async list(
    @Query({ schema: SalesQuery }) { from, to, productId }: z.infer<typeof SalesQuery>,
  ): Promise<SalesReport> {
    const rows = await this.database.source.manager.find(Sales, {
      // Keys start with the day, followed by a space: one range of the primary key.
      where: { key: Between(from, `${to}~`), ...(productId && { productId }) },
      order: { key: 'ASC' },
      take: ROWS_MAX + 1,
    });
    if (rows.length > ROWS_MAX) throw errors.salesTooMany();
    return { items: rows.map((row) => row.toPublic()) };
  }
}
