import { defineService } from '@fieldguide/service';
import { openDocs } from './api-docs/api-docs.ts';
import { GatewayConfig } from './gateway.config.ts';
import { GatewayModule } from './gateway.module.ts';
import { openRoutes } from './proxy/proxy-routes.ts';

export const gateway = defineService({
  name: 'gateway',
  config: GatewayConfig,
  module: GatewayModule,
  isEdge: true,
  serve: async (app, parts) => {
    await openRoutes(app, parts);
    openDocs(app);
  },
});
