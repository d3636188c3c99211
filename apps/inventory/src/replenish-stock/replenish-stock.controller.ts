import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { derivedId } from '@fieldguide/clock';
import { IdempotencyKey, ReplenishmentRequest } from '@fieldguide/contracts/inventory';
import { IdRequest } from '@fieldguide/contracts/money';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { Body, Controller, Headers, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { Stock, UNITS_MAX } from '../stock/stock.entity.ts';
import { errors } from '../stock/stock.errors.ts';
import { Replenishment } from './replenishment.entity.ts';

@Controller('stock/:productId/replenishments')
export class ReplenishStockController {
  constructor(private readonly units: UnitOfWorkRunner) {}

  @RequireScope('stock:write')
  @Post()
  replenish(
    @Caller() caller: CallerClaims,
    @Param('productId', { schema: IdRequest }) productId: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body({ schema: ReplenishmentRequest }) { units }: z.infer<typeof ReplenishmentRequest>,
  ) {
    if (!IdempotencyKey.safeParse(key).success) throw errors.idempotencyKeyRequired();
    const id = derivedId(caller.id, `POST /stock/${productId}/replenishments`, key!);
    return this.units.run(async (uow) => {
      const earlier = await uow.load(Replenishment, id);
      if (earlier && earlier.units !== units) throw errors.idempotencyKeyReused();
      if (!earlier) {
        const [locked] = await uow.lock(Stock, [productId]);
        const stock = locked ?? Object.assign(new Stock(), { productId });
        if (stock.onHandUnits + units > UNITS_MAX) throw errors.stockTooLarge();
        stock.onHandUnits += units;
        await uow.save(Stock, stock);
        await uow.save(Replenishment, Object.assign(new Replenishment(), { id, productId, units }));
      }
      return { id, productId, units };
    });
  }
}
