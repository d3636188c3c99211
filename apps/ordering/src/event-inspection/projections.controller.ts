import { RequireScope } from '@fieldguide/auth';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { EventStore } from '@fieldguide/event-store';
import { Checkpoint, pause } from '@fieldguide/event-store/parts';
import { Leases } from '@fieldguide/workers';
import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { errors } from '../order/order.errors.ts';
import { orderSummary } from '../order-summary/order-summary.projection.ts';
import { sales } from '../sales/sales.projection.ts';

const pausable = new Set([orderSummary.name, sales.name]);
const PROJECTIONS_MAX = 100;

/** Shows and pauses projections for operators. */
@RequireScope('operations')
@Controller('log/projections')
export class ProjectionsController {
  constructor(
    private readonly events: EventStore,
    private readonly units: UnitOfWorkRunner,
    private readonly leases: Leases,
  ) {}

  /** Returns position, lag and instance of each projection and publisher. */
  @Get()
  async list() {
    const end = await this.events.lastPosition();
    const rows = await this.units.run((uow) => uow.find(Checkpoint, {}, PROJECTIONS_MAX));
    const holders = await this.leases.holders();
    const items = rows.map(({ name, position, pausedSince }) => ({
      name,
      position,
      lagEvents: Math.max(0, Number(BigInt(end) - BigInt(position))),
      pausedSince,
      instance: holders.get(`projection:${name}`) ?? holders.get(`relay:${name}`) ?? null,
    }));
    return { items, end };
  }

  /** Pauses a projection: reads return its rows as they are. */
  @Post(':name/pause')
  @HttpCode(200)
  pause(@Param('name') name: string) {
    return this.#setPaused(name, true);
  }

  @Post(':name/resume')
  @HttpCode(200)
  resume(@Param('name') name: string) {
    return this.#setPaused(name, false);
  }

  async #setPaused(name: string, isPaused: boolean) {
    if (!pausable.has(name)) throw errors.projectionNotFound();
    return { name, pausedSince: await pause(name, isPaused, this.units) };
  }
}
