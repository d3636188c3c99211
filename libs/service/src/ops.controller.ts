import { Open, Scope } from '@fieldguide/auth';
import { DeadLetter } from '@fieldguide/database';
import { metrics } from '@fieldguide/telemetry';
import {
  Controller,
  Get,
  Header,
  Inject,
  NotFoundException,
  Param,
  Post,
  Res,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { consumers, PARTS, type Parts } from './parts.ts';

/** What every service tells about itself. The gateway's route table does not lead here. */
@Controller()
export class OpsController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Open()
  @Get('health/live')
  live() {
    return { status: 'ok' };
  }

  @Open()
  @Get('health/ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const report = await this.parts.health.report();
    reply.status(report.status === 'down' ? 503 : 200);
    return report;
  }

  @Open()
  @Get('metrics')
  @Header('content-type', metrics.registry.contentType)
  metrics() {
    return metrics.registry.metrics();
  }

  @Open()
  @Get('info')
  info() {
    const { name, about, config } = this.parts;
    return {
      name,
      ...about,
      configuration: config.describe(),
      waitingForRestart: config.waitingForRestart(),
    };
  }

  /** Messages that could not be handled, and those that wait behind them. */
  @Scope('operations')
  @Get('dead-letters')
  async deadLetters() {
    const units = this.parts.units ?? missing();
    const letters = await units.run((uow) => uow.find(DeadLetter, { redriven: false }, 100));
    return { items: letters.map(({ envelope: _, ...letter }) => letter) };
  }

  /** Handles the parked messages of one key again, in order. */
  @Scope('operations')
  @Post('dead-letters/:key/redrive')
  redrive(@Param('key') key: string) {
    const consumer = consumers.get(this.parts) ?? missing();
    return consumer.redrive(key);
  }
}

function missing(): never {
  throw new NotFoundException('This service handles no messages.');
}
