import { defineService } from '@fieldguide/service';
import { serveApiDocs } from './api-docs/api-docs.ts';
import { GatewayConfig } from './gateway.config.ts';
import { GatewayModule } from './gateway.module.ts';
import { openProxyRoutes } from './proxy/proxy-routes.ts';

export const gateway = defineService({
  name: 'gateway',
  config: GatewayConfig,
  module: GatewayModule,
  isEdge: true,
  serve: async (app, parts) => {
    await openProxyRoutes(app, parts);
    serveApiDocs(app);
  },
});
