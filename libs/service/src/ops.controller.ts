import { Public } from '@fieldguide/auth';
import { Configuration, ServiceOptions } from '@fieldguide/config';
import { Health, metrics } from '@fieldguide/telemetry';
import { Controller, Get, Header, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { BuildInfo } from './build-info.ts';

/** Health, metrics and build information of every service. Not reachable through the gateway. */
@Controller()
export class OpsController {
  constructor(
    private readonly options: ServiceOptions,
    private readonly build: BuildInfo,
    private readonly configuration: Configuration,
    private readonly dependencies: Health,
  ) {}

  @Public()
  @Get('health/live')
  live() {
    return { status: 'ok' };
  }

  @Public()
  @Get('health/ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const report = await this.dependencies.report();
    reply.status(report.status === 'down' ? 503 : 200);
    return report;
  }

  @Public()
  @Get('metrics')
  @Header('content-type', metrics.registry.contentType)
  metrics() {
    return metrics.read();
  }

  @Public()
  @Get('info')
  info() {
    return {
      name: this.options.name,
      ...this.build,
      configuration: this.configuration.describe(),
    };
  }
}
