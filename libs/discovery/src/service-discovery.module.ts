import { Clock } from '@fieldguide/clock';
import { Config, ConfigModule, live, ProcessConfig, textFor } from '@fieldguide/config';
import { LOG, type Log } from '@fieldguide/telemetry';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { z } from 'zod';
import { ConsulRegistry } from './consul-registry.ts';
import { ServiceRegistry } from './registry.ts';
import { parseWeights } from './traffic-weights.ts';

class DiscoveryConfig extends Config(
  z.object({
    /** Share of callers for one version of a service, in percent: `ordering:3f9a1c2b=5` names the first characters of its artifact's digest. The others get the versions that are not named; a caller keeps its version. */
    TRAFFIC_WEIGHTS: live(textFor(parseWeights).default('')),
  }),
) {}

/** Registers the instances of a service that serve requests, and finds those of other services, through Consul. */
@Global()
@Module({})
export class ServiceDiscoveryModule {
  static forRoot(): DynamicModule {
    return {
      module: ServiceDiscoveryModule,
      imports: [ConfigModule.forFeature(DiscoveryConfig)],
      providers: [
        {
          provide: ServiceRegistry,
          inject: [ProcessConfig, DiscoveryConfig, Clock, LOG],
          useFactory: (process: ProcessConfig, config: DiscoveryConfig, clock: Clock, log: Log) => {
            const weights = () => config.TRAFFIC_WEIGHTS;
            return new ConsulRegistry(process, process.ENVIRONMENT, clock, log, weights);
          },
        },
      ],
      exports: [ServiceRegistry],
    };
  }
}
