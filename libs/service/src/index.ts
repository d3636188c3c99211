export { TakesForm } from './application.ts';
export { AuthModule } from './auth.module.ts';
export { HttpConfig } from './http-config.ts';
export { BODY_BYTES_MAX } from './http-server.ts';
export { runService } from './run-service.ts';
export { ServiceModule } from './service.module.ts';
export { ServiceClientModule } from './service-client.module.ts';
export { ServiceClient } from './service-client.ts';
