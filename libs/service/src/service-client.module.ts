import { Clock } from '@fieldguide/clock';
import { Config, ConfigModule, ServiceOptions, secret } from '@fieldguide/config';
import { ServiceRegistry } from '@fieldguide/discovery';
import { Policies } from '@fieldguide/resilience';
import { type DynamicModule, Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { z } from 'zod';
import { ServiceClient } from './service-client.ts';

class ServiceClientConfig extends Config(
  z.object({
    /** Client secret for calls to other services as a service. */
    CLIENT_SECRET: secret(z.string().min(16)).optional(),
  }),
) {}

/** Calls to other services. Needs ServiceDiscoveryModule. */
@Global()
@Module({})
export class ServiceClientModule implements OnApplicationShutdown {
  constructor(private readonly client: ServiceClient) {}

  static forRoot(): DynamicModule {
    return {
      module: ServiceClientModule,
      imports: [ConfigModule.forFeature(ServiceClientConfig)],
      providers: [
        {
          provide: ServiceClient,
          inject: [ServiceOptions, ServiceClientConfig, ServiceRegistry, Clock, Policies],
          useFactory: (
            { name }: ServiceOptions,
            { CLIENT_SECRET }: ServiceClientConfig,
            registry: ServiceRegistry,
            clock: Clock,
            policies: Policies,
          ) => new ServiceClient(name, CLIENT_SECRET, registry, clock, policies),
        },
      ],
      exports: [ServiceClient],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.client.close();
  }
}
