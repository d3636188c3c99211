import { Public } from '@fieldguide/auth';
import { metrics } from '@fieldguide/telemetry';
import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PARTS, type Parts } from './parts.ts';

/** Health, metrics and build information of every service. Not reachable through the gateway. */
@Controller()
export class OpsController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Public()
  @Get('health/live')
  live() {
    return { status: 'ok' };
  }

  @Public()
  @Get('health/ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const report = await this.parts.health.report();
    reply.status(report.status === 'down' ? 503 : 200);
    return report;
  }

  @Public()
  @Get('metrics')
  @Header('content-type', metrics.registry.contentType)
  metrics() {
    return metrics.registry.metrics();
  }

  @Public()
  @Get('info')
  info() {
    const { name, build, config } = this.parts;
    return {
      name,
      ...build,
      configuration: config.describe(),
      waitingForRestart: config.waitingForRestart(),
    };
  }
}
