import { Clock } from '@fieldguide/clock';
import { ConfigModule } from '@fieldguide/config';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { MessagingModule } from '@fieldguide/messaging';
import { AuthModule, ServiceClientModule, ServiceModule } from '@fieldguide/service';
import { Module } from '@nestjs/common';
import { ApiDocs } from './api-docs/api-docs.ts';
import { CachedReads } from './cache/cached-reads.ts';
import { ResponseCache } from './cache/response-cache.ts';
import { GatewayConfig } from './gateway.config.ts';
import { OnProductChanged } from './on-product-changed/on-product-changed.ts';
import { Forwarder } from './proxy/forwarder.ts';
import { ProxyRoutes } from './proxy/proxy-routes.ts';
import { Upstreams } from './upstreams/upstreams.ts';
import { WebFiles } from './web-files/web-files.ts';

/** No controllers but for messages: the contract lists the routes, and requests pass below Nest's router. */
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'gateway', isEdge: true }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    MessagingModule.forBroadcasts(),
    ConfigModule.forFeature(GatewayConfig),
  ],
  controllers: [OnProductChanged],
  providers: [
    Upstreams,
    Forwarder,
    CachedReads,
    ProxyRoutes,
    ApiDocs,
    WebFiles,
    {
      provide: ResponseCache,
      inject: [Clock, GatewayConfig],
      useFactory: (clock: Clock, { RESPONSE_CACHE_BYTES }: GatewayConfig) =>
        new ResponseCache(clock, RESPONSE_CACHE_BYTES),
    },
  ],
})
export class GatewayModule {}
