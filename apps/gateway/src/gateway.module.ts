import { Module } from '@nestjs/common';

/** Nothing of its own: the contract lists the routes, and requests pass below Nest's router. */
@Module({})
export class GatewayModule {}
