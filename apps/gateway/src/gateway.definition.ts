import { defineService } from '@fieldguide/service';
import { openDocs } from './docs/docs.ts';
import { openRoutes } from './forward/open-routes.ts';
import { GatewayConfig } from './gateway.config.ts';
import { GatewayModule } from './gateway.module.ts';

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
