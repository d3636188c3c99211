import { Clock } from '@fieldguide/clock';
import { ProcessConfig } from '@fieldguide/config';
import { LOG, type Log } from '@fieldguide/telemetry';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ConsulRegistry } from './consul-registry.ts';
import { ServiceRegistry } from './registry.ts';

/** Registers the instances of a service that serve requests, and finds those of other services, through Consul. */
@Global()
@Module({})
export class ServiceDiscoveryModule {
  static forRoot(): DynamicModule {
    return {
      module: ServiceDiscoveryModule,
      providers: [
        {
          provide: ServiceRegistry,
          inject: [ProcessConfig, Clock, LOG],
          useFactory: (config: ProcessConfig, clock: Clock, log: Log) =>
            new ConsulRegistry(config.CONSUL_HTTP_ADDR, config.ENVIRONMENT, clock, log),
        },
      ],
      exports: [ServiceRegistry],
    };
  }
}
