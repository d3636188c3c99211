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
    /** Token endpoint (RFC 6749) of another issuer than identity. */
    TOKEN_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** Scope to request there, separated by spaces. */
    TOKEN_SCOPE: z.string().default(''),
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
            { CLIENT_SECRET, TOKEN_URL: url, TOKEN_SCOPE: scope }: ServiceClientConfig,
            registry: ServiceRegistry,
            clock: Clock,
            policies: Policies,
          ) =>
            new ServiceClient(
              name,
              CLIENT_SECRET,
              registry,
              clock,
              policies,
              url ? { url, scope } : undefined,
            ),
        },
      ],
      exports: [ServiceClient],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.client.close();
  }
}
