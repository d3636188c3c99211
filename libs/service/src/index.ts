export { defineService, type ServiceDefinition } from './definition.ts';
export { BODY_BYTES_MAX } from './http-server.ts';
export type { Parts, PartsOf } from './parts.ts';
export { runService } from './run-service.ts';
export { ServiceModule } from './service.module.ts';
export { type ServiceCall, ServiceClient } from './service-client.ts';
export {
  databaseSettings,
  messagingSettings,
  type ServiceSettings,
  serviceSettings,
} from './settings.ts';
export { type Backlog, watchBacklog, watchCount } from './watch-backlog.ts';
export { openWeb } from './web.ts';
