import { ConfigModule } from '@fieldguide/config';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { MessagingModule } from '@fieldguide/messaging';
import { AuthModule, ServiceClientModule, ServiceModule } from '@fieldguide/service';
import { Module } from '@nestjs/common';
import { ApiDocs } from './api-docs/api-docs.ts';
import { GatewayConfig } from './gateway.config.ts';
import { Forwarder } from './proxy/forwarder.ts';
import { ProxyRoutes } from './proxy/proxy-routes.ts';
import { WebFiles } from './web-files/web-files.ts';

/** No controllers: the contract lists the routes, and requests pass below Nest's router. */
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'gateway', isEdge: true }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    MessagingModule.forBroadcasts(),
    ConfigModule.forFeature(GatewayConfig),
  ],
  providers: [Forwarder, ProxyRoutes, ApiDocs, WebFiles],
})
export class GatewayModule {}
