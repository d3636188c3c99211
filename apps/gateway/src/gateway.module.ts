import { Module } from '@nestjs/common';

/** Nothing of its own: `routes.ts` is the map, and requests pass below Nest's router. */
@Module({})
export class GatewayModule {}
